import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Problem } from '../../data/benchmarks/index.ts'
import type { Host, HostResult, Limits, StartingSandbox } from '../../sandbox/index.ts'
import type { JudgedTask } from './judged-task.ts'
import type { EvalOptions } from './options.ts'
import type { ReferenceSet, References } from './references.ts'
import type { ProgramVerdict, SetVerdict } from './verdicts.ts'

/** What one call of the judge said. */
export interface JudgeReport {
  result: HostResult
  /** By task, then by program; undefined where the judge ended before. */
  verdicts: (JudgedProgram | undefined)[][]
  /** Of a call for a part of the extra inputs. */
  part?: SetVerdict
  /** Tasks whose references ran or were known. */
  ready: Set<number>
  /** What was wrong with the reference of a task. */
  faults: Map<number, string>
}

/** Verdicts of the sets that were judged; with `rest`, `plus` is of the first extra inputs alone. */
export interface JudgedProgram extends Partial<ProgramVerdict> {
  /** Where parts of the other inputs begin, in order, and where the last one ends. */
  rest?: number[]
}

/** What a call is to judge beside whole sets. */
export interface JudgeExtent {
  /** This set alone; default: all that are wanted. */
  set?: 'base' | 'plus'
  /** Long sets of programs that keep nothing between calls may be left to be judged in so many. */
  parts?: number
  /** Only these extra inputs of the one program. */
  part?: { from: number; to: number }
}

/** Charged time after which the rest of a set is worth processes of its own. */
const PART_SECONDS = 2

/** Where the judge's Python files are. */
export const judgeFolder = fileURLToPath(new URL('./judge', import.meta.url))

/** The text of the judge's Python files: verdicts may depend on it. */
export async function readJudgeSource(): Promise<string> {
  const names = (await readdir(judgeFolder)).filter((name) => name.endsWith('.py')).sort()
  const texts = await Promise.all(names.map((name) => readFile(`${judgeFolder}/${name}`, 'utf8')))
  return texts.join('\n')
}

/**
 * Opens warm judges; `preload` names modules that programs import, `identical` makes them ready to
 * compare within programs.
 */
export function openJudge(
  sandbox: StartingSandbox,
  setup: { preload: readonly string[]; identical: boolean },
  workers: number,
): Host {
  return sandbox.host({
    module: `${judgeFolder}/judge.py`,
    setup,
    readable: [judgeFolder],
    workers,
  })
}

/** Has a judge judge programs for a few tasks. */
export async function runJudge(
  host: Host,
  tasks: readonly JudgedTask<Problem>[],
  options: EvalOptions,
  references: References,
  { set, parts = 1, part }: JudgeExtent = {},
): Promise<JudgeReport> {
  const inPart = part === undefined ? {} : { part: { set: 'plus', ...part } }
  const payload = {
    tasks: tasks.map((task) => ({ ...judgeOrder(task, options, references, set), ...inPart })),
    options: {
      minTimeLimit: options.minTimeLimit,
      gtTimeLimitFactor: options.gtTimeLimitFactor,
      totalTimeLimit: options.totalTimeLimit,
      testDetails: options.testDetails,
      strictIdentical: options.strictIdentical,
      partSeconds: parts > 1 ? PART_SECONDS : null,
      parts,
      plusAfterFailedBase: options.plusAfterFailedBase,
      memoryBytes: options.memoryMib * MIB,
    },
  }
  const result = await host.call(payload, judgeLimits(tasks, options))
  return readReport(result, tasks, references)
}

/** Numbers of inputs and references stay text, so that Python alone reads them. */
function judgeOrder(
  { problem, programs }: JudgedTask<Problem>,
  options: EvalOptions,
  references: References,
  set?: 'base' | 'plus',
): Record<string, unknown> {
  const { taskId, dataset, entryPoint, tolerance, baseInput, plusInput } = problem
  return {
    taskId,
    dataset,
    entryPoint,
    tolerance,
    inputs: {
      ...(set === 'plus' ? {} : { base: baseInput }),
      ...(set === 'base' || options.baseOnly ? {} : { plus: plusInput }),
    },
    reference: problem.prompt + problem.canonicalSolution,
    known: references.valuesOf(taskId),
    programs,
  }
}

/** Backstops only: the judge itself ends programs at their limits. */
function judgeLimits(tasks: readonly JudgedTask<Problem>[], options: EvalOptions): Partial<Limits> {
  const programs = tasks.reduce((sum, task) => sum + task.programs.length, 0)
  const milliseconds = Math.min(
    6000 * (1200 + programs * 4 * (options.totalTimeLimit + 3)),
    86_400_000,
  )
  return {
    cpuMs: milliseconds,
    chargedMs: milliseconds,
    wallMs: milliseconds,
    memoryBytes: options.memoryMib * MIB + JUDGE_MEMORY_BYTES,
    processes: 256,
    openFiles: 512,
    fileBytes: 256 * MIB,
    outputBytes: 512 * MIB,
  }
}

const MIB = 2 ** 20
const JUDGE_MEMORY_BYTES = 3 * 2 ** 30

function readReport(
  result: HostResult,
  tasks: readonly JudgedTask<Problem>[],
  references: References,
): JudgeReport {
  const verdicts = tasks.map(({ programs }) =>
    programs.map((): JudgedProgram | undefined => undefined),
  )
  let part: SetVerdict | undefined
  const ready = new Set<number>()
  const faults = new Map<number, string>()
  for (const line of result.lines) {
    const record = JSON.parse(line) as JudgeLine
    const taskId = tasks[record.task]?.problem.taskId
    if (taskId === undefined) continue
    if (record.fault !== undefined) faults.set(record.task, record.fault)
    else if (record.references !== undefined) {
      ready.add(record.task)
      references.add(taskId, record.references)
    } else if (record.part !== undefined) part = record.part
    else if (record.program !== undefined) {
      const { base, plus, rest } = record
      const ofTask = verdicts[record.task] ?? []
      ofTask[record.program] = {
        ...(base && { base }),
        ...(plus && { plus }),
        ...(rest && { rest }),
      }
    }
  }
  return { result, verdicts, ready, faults, ...(part && { part }) }
}

interface JudgeLine extends Partial<JudgedProgram> {
  part?: SetVerdict
  task: number
  program?: number
  references?: Record<string, ReferenceSet>
  fault?: string
}
