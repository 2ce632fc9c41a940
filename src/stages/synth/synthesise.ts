import { access } from 'node:fs/promises'
import {
  hashFile,
  InterruptedError,
  type Progress,
  refuseExistingOutput,
  silentProgress,
  writeFileAtomic,
} from '../../core/index.ts'
import {
  createJsonLinesWriter,
  type Instruction,
  readInstructions,
} from '../../data/datasets/index.ts'
import { createSandbox, type Sandbox } from '../../sandbox/index.ts'
import { type Journal, type JournalEntry, openJournal } from './journal.ts'
import type { SynthOptions } from './options.ts'
import { scriptedTeacher } from './scripted-teacher.ts'
import { type Outcome, writeDialog } from './write-dialog.ts'

export interface SynthSummary {
  readonly out: string
  readonly kept: number
  /** How many were not kept, by reason. */
  readonly dropped: Record<string, number>
  /** How many kept dialogs ran so many programs. */
  readonly rounds: Record<string, number>
}

const teachers = { scripted: scriptedTeacher } as const

/**
 * Turns instructions into reflection sequences, one dialog a line in the order of the instructions.
 * Finished instructions stand in `<out>.journal` until the end, so that an interrupted run goes on
 * with `resume` and ends with the same bytes.
 *
 * @throws `RC_OUTPUT_EXISTS`, `RC_OTHER_RUN`, `RC_NOT_A_KATA`, and the errors of the sandbox
 */
export async function synthesise(
  options: SynthOptions,
  { progress = silentProgress, signal }: { progress?: Progress; signal?: AbortSignal } = {},
): Promise<SynthSummary> {
  const { out, overwrite, resume } = options
  const journalPath = `${out}.journal`
  if (!overwrite && !resume && ((await exists(out)) || (await exists(journalPath)))) {
    throw refuseExistingOutput(out)
  }
  const instructions = await collect(options)
  const journal = await openJournal(journalPath, await runKey(options), resume && !overwrite)
  const sandbox = await createSandbox({ workers: options.concurrency })
  const task = progress.start('synth', instructions.length)
  try {
    await workInOrder(instructions.slice(journal.entries.length), journal, sandbox, options, {
      signal,
      onDone: () => task.update(journal.entries.length, noteOf(journal.entries)),
    })
  } finally {
    await sandbox.dispose()
    await journal.close()
  }
  const summary = summarise(out, journal.entries)
  await writeDialogs(out, journal.entries)
  await writeFileAtomic(`${out}.summary.json`, `${JSON.stringify(summary, null, 2)}\n`)
  await journal.remove()
  task.finish(noteOf(journal.entries))
  return summary
}

async function collect(options: SynthOptions): Promise<Instruction[]> {
  const limit = options.limit === undefined ? {} : { limit: options.limit }
  const instructions: Instruction[] = []
  for await (const instruction of readInstructions(options.instructions, limit)) {
    instructions.push(instruction)
  }
  return instructions
}

/** Works on several instructions at a time and writes their outcomes in order. */
async function workInOrder(
  instructions: readonly Instruction[],
  journal: Journal,
  sandbox: Sandbox,
  options: SynthOptions,
  { signal, onDone }: { signal: AbortSignal | undefined; onDone: () => void },
): Promise<void> {
  const teacher = teachers[options.teacher](options)
  const pending: Promise<Outcome>[] = []
  let started = 0
  const startMore = () => {
    while (pending.length < options.concurrency && started < instructions.length) {
      const work = writeDialog(instructions[started] as Instruction, teacher, sandbox, options)
      work.catch(() => {}) // awaited below, in order
      pending.push(work)
      started += 1
    }
  }
  for (const { id } of instructions) {
    if (!signal?.aborted) startMore()
    const work = pending.shift()
    if (!work) throw new InterruptedError()
    await journal.append({ id, outcome: await work })
    onDone()
  }
}

async function writeDialogs(out: string, entries: readonly JournalEntry[]): Promise<void> {
  const writer = await createJsonLinesWriter(out)
  try {
    for (const { outcome } of entries) if (outcome.kept) await writer.write(outcome.dialog)
    await writer.commit()
  } catch (error) {
    await writer.discard()
    throw error
  }
}

function summarise(out: string, entries: readonly JournalEntry[]): SynthSummary {
  const dropped: Record<string, number> = {}
  const rounds: Record<string, number> = {}
  for (const { outcome } of entries) {
    if (outcome.kept) rounds[outcome.rounds] = (rounds[outcome.rounds] ?? 0) + 1
    else dropped[outcome.reason] = (dropped[outcome.reason] ?? 0) + 1
  }
  return { out, kept: entries.filter(({ outcome }) => outcome.kept).length, dropped, rounds }
}

function noteOf(entries: readonly JournalEntry[]): string {
  const kept = entries.filter(({ outcome }) => outcome.kept).length
  return `${kept} kept, ${entries.length - kept} dropped`
}

/** Everything that decides the bytes of the output. */
async function runKey(options: SynthOptions): Promise<string> {
  const { out: _, overwrite: __, resume: ___, concurrency: ____, ...shaping } = options
  const instructions = await hashFile(options.instructions)
  return JSON.stringify({ ...shaping, instructions })
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
