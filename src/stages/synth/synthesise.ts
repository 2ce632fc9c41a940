import { readFile, rm } from 'node:fs/promises'
import {
  InterruptedError,
  type Progress,
  pathExists,
  refuseExistingOutput,
  silentProgress,
  writeFileAtomic,
} from '../../core/index.ts'
import { createSandbox } from '../../sandbox/index.ts'
import { assembleOutput, resolveThreshold } from './assemble-output.ts'
import { type BudgetOption, BudgetSpent, costOf, createBudget } from './budget.ts'
import { countWork } from './count-work.ts'
import { type DialogWriter, openLocalWriter } from './dialog-writer.ts'
import { type Journal, openJournal } from './journal.ts'
import { type Decontamination, openDecontamination } from './keep/decontaminate.ts'
import { encodeSignature, minHash } from './keep/min-hash.ts'
import { createLiveCounts, type LiveCounts } from './live-note.ts'
import type { SynthOptions } from './options.ts'
import type { PromptSet } from './prompts/load-prompts.ts'
import { openQueuedWriter } from './queue/queued-writer.ts'
import { readTasks, type Task } from './read-tasks.ts'
import { computeRunKey } from './run-key.ts'
import { restOf, type Spent } from './spent.ts'
import type { Tally } from './tally.ts'
import { resolvePrompts } from './teachers/create-teacher.ts'
import { workConcurrently } from './work-pool.ts'
import type { Outcome } from './write-dialog.ts'

export interface SynthSummary {
  readonly out: string
  readonly kept: number
  /** How many were not kept, by reason. */
  readonly dropped: Record<string, number>
  /** How many kept dialogs ran so many programs. */
  readonly rounds: Record<string, number>
  /**
   * Calls and tokens of all replies, of instructions that were not finished as well; those from the
   * cache count as what they were when they were asked for.
   */
  readonly spent?: Spent
  /** Their money, where prices are given. */
  readonly cost?: number
  /** What of it went where. */
  readonly spentOn?: Readonly<Record<string, Spent & { readonly cost?: number }>>
  /** Lines of the file that were passed over. */
  readonly broken?: number
  /** The option that ended the run before its end; `resume` goes on when it is raised. */
  readonly stoppedBy?: BudgetOption
}

export interface SynthContext {
  progress?: Progress
  /** Lets the instructions in work end and begins no more. */
  signal?: AbortSignal
  /** Where files of benchmarks are looked for when `data` does not say. */
  dataFolders?: readonly string[]
}

/**
 * Turns instructions into reflection sequences, one dialog a line in the order of the instructions.
 * Finished instructions stand in `<out>.journal` until the end and replies in `<out>.cache`, so that
 * the same command goes on after any end, asks for nothing twice and ends with the same bytes.
 *
 * @throws `RC_OUTPUT_EXISTS`, `RC_OTHER_RUN`, `RC_NOT_A_KATA`, the errors of the teacher (`RC_TEACHER_…`),
 * of files and of the sandbox
 */
export async function synthesise(
  options: SynthOptions,
  { progress = silentProgress, signal, dataFolders = [] }: SynthContext = {},
): Promise<SynthSummary> {
  const count = await countWork(options)
  const prompts = await resolvePrompts(options)
  const key = await computeRunKey(options, prompts)
  const finished = await findFinished(options, key)
  if (finished) return finished
  const budget = createBudget(options)
  const live = createLiveCounts(() => budget, options)
  const journalPath = `${options.out}.journal`
  const journal = await openJournal(journalPath, key, options.overwrite, ({ outcome, spent }) => {
    countOutcome(live, outcome)
    if (spent) budget.add(spent)
  })
  const task = progress.start('synth', count.total)
  const onDone = (outcome: Outcome) => {
    countOutcome(live, outcome)
    task.update(journal.size, live.note())
  }
  let stoppedBy: SynthSummary['stoppedBy']
  try {
    stoppedBy = await workThrough(options, prompts, {
      journal,
      budget,
      live,
      onDone,
      signal,
      dataFolders,
    })
    if (signal?.aborted && journal.size < count.total) throw new InterruptedError()
    const tally = await assembleOutput(journal, count.total, options)
    const { kept, dropped, rounds } = tally
    const summary: SynthSummary = {
      out: options.out,
      kept,
      dropped,
      rounds,
      ...accountFor(budget.spent, tally, options),
      ...(count.broken > 0 ? { broken: count.broken } : {}),
      ...(stoppedBy ? { stoppedBy } : {}),
    }
    const record = JSON.stringify({ ...summary, ...(stoppedBy ? {} : { key }) }, null, 2)
    await writeFileAtomic(summaryPath(options), `${record}\n`)
    if (!stoppedBy) await journal.remove()
    task.finish(live.note())
    return summary
  } finally {
    await journal.close()
    if (journal.size === 0) await journal.remove()
  }
}

/** What was spent, and on what: whatever no finished instruction took went into unfinished ones. */
function accountFor(
  spent: Spent,
  { spentOn: { kept, dropped } }: Tally,
  options: SynthOptions,
): Pick<SynthSummary, 'spent' | 'cost' | 'spentOn'> {
  const priced = options.inputPrice + options.outputPrice > 0
  const withCost = (part: Spent) => (priced ? { ...part, cost: costOf(part, options) } : part)
  const parts = { kept, dropped, unfinished: restOf(restOf(spent, kept), dropped) }
  const taken = Object.entries(parts).filter(([, { calls }]) => calls > 0)
  return {
    ...(spent.calls > 0 ? { spent } : {}),
    ...(priced ? { cost: costOf(spent, options) } : {}),
    ...(taken.length > 0
      ? { spentOn: Object.fromEntries(taken.map(([name, part]) => [name, withCost(part)])) }
      : {}),
  }
}

interface Work {
  readonly journal: Journal
  readonly budget: ReturnType<typeof createBudget>
  readonly live: LiveCounts
  readonly onDone: (outcome: Outcome) => void
  readonly signal: AbortSignal | undefined
  readonly dataFolders: readonly string[]
}

/** Does what the journal lacks; the result names the option whose budget is spent. */
async function workThrough(
  options: SynthOptions,
  prompts: PromptSet | undefined,
  { journal, budget, live, onDone, signal, dataFolders }: Work,
): Promise<SynthSummary['stoppedBy']> {
  const failed = new AbortController()
  const tools = { budget, meter: live, stop: failed.signal }
  const writer = options.queue
    ? await openQueuedWriter(options.queue, options, prompts, { budget, meter: live, signal })
    : await openLocalWriter(options, prompts, tools)
  try {
    const gate = await openGate(options, dataFolders)
    try {
      await workConcurrently(
        skipDone(readTasks(options), journal),
        writer.places,
        (task) =>
          finishTask(task, writer, options, gate, journal, onDone).catch((error) => {
            if (!(error instanceof BudgetSpent)) failed.abort()
            throw error
          }),
        () => signal?.aborted === true,
      )
    } finally {
      await gate?.dispose()
    }
    return undefined
  } catch (error) {
    if (error instanceof BudgetSpent) return error.option
    throw error
  } finally {
    await writer.dispose()
  }
}

/** The check against benchmarks has servers of its own. */
async function openGate(
  options: SynthOptions,
  dataFolders: readonly string[],
): Promise<Decontamination | undefined> {
  if (options.decontaminate.length === 0) return undefined
  const sandbox = await createSandbox({ workers: 2 })
  const gate = await openDecontamination(options, sandbox, dataFolders).catch(async (error) => {
    await sandbox.dispose()
    throw error
  })
  return gate && { check: gate.check, dispose: () => sandbox.dispose() }
}

async function* skipDone(tasks: AsyncIterable<Task>, journal: Journal): AsyncGenerator<Task> {
  for await (const task of tasks) if (!journal.has(task.index)) yield task
}

/** One transaction: from the first call to the line in the journal. */
async function finishTask(
  { index, instruction, duplicate }: Task,
  writer: DialogWriter,
  options: SynthOptions,
  gate: Decontamination | undefined,
  journal: Journal,
  onDone: (outcome: Outcome) => void,
): Promise<void> {
  const { id } = instruction
  const written = duplicate
    ? { outcome: { kept: false, reason: 'duplicate-instruction', rounds: 0 } as const }
    : await writer.write(instruction, index)
  const outcome = await passGate(written.outcome, gate, options)
  const signatures =
    outcome.kept && resolveThreshold(options) < 1
      ? { signatures: signaturesOf(instruction.instruction, outcome.dialog) }
      : {}
  await journal.append({ index, id, ...written, outcome, ...signatures })
  await writer.written?.(index)
  onDone(outcome)
}

/** Turns away what a benchmark holds. */
async function passGate(
  outcome: Outcome,
  gate: Decontamination | undefined,
  { keepDropped }: SynthOptions,
): Promise<Outcome> {
  const drop = outcome.kept ? await gate?.check(outcome.dialog) : undefined
  if (drop === undefined || !outcome.kept) return outcome
  const { dialog, rounds } = outcome
  return { kept: false, ...drop, rounds, ...(keepDropped ? { dialog } : {}) }
}

/** Of the instruction and of the final code. */
function signaturesOf(
  instruction: string,
  { messages }: Extract<Outcome, { kept: true }>['dialog'],
): string[] {
  const answer = messages.at(-1)?.content[0]?.content ?? ''
  return [instruction, answer].map((text) => encodeSignature(minHash(text)))
}

function countOutcome(live: LiveCounts, { kept }: Outcome): void {
  if (kept) live.kept += 1
  else live.dropped += 1
}

/**
 * The summary of a run that had ended already, with `resume`. An unfinished run of the same options
 * is gone on with in any case: nothing of it is lost.
 */
async function findFinished(options: SynthOptions, key: string): Promise<SynthSummary | undefined> {
  const { out, overwrite, resume } = options
  if (overwrite) {
    await rm(summaryPath(options), { force: true })
    return undefined
  }
  if (!(await pathExists(out))) return undefined
  if (!resume) throw refuseExistingOutput(out)
  if (await pathExists(`${out}.journal`)) return undefined
  const text = await readFile(summaryPath(options), 'utf8').catch(() => '{}')
  const { key: found, ...summary } = JSON.parse(text) as SynthSummary & { key?: string }
  if (found !== key) throw refuseExistingOutput(out)
  return summary
}

const summaryPath = ({ out }: SynthOptions) => `${out}.summary.json`
