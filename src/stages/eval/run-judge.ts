import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { Problem } from '../../data/benchmarks/index.ts'
import type { Limits, RunResult, Sandbox } from '../../sandbox/index.ts'
import type { JudgedTask } from './judged-task.ts'
import type { EvalOptions } from './options.ts'
import type { ProgramVerdict } from './verdicts.ts'

/** What one run of the judge said. */
export interface JudgeReport {
  result: RunResult
  /** By task, then by program; undefined where the judge ended before. */
  verdicts: (ProgramVerdict | undefined)[][]
  /** Tasks whose reference ran. */
  ready: Set<number>
  /** What was wrong with the reference of a task. */
  faults: Map<number, string>
}

/** The judge's Python files, read once. */
export interface JudgeSource {
  main: string
  files: Record<string, string>
}

export async function readJudgeSource(): Promise<JudgeSource> {
  const folder = new URL('./judge/', import.meta.url)
  const names = (await readdir(folder)).filter((name) => name.endsWith('.py')).sort()
  const files: Record<string, string> = {}
  for (const name of names) files[name] = await readFile(new URL(name, folder), 'utf8')
  const { 'judge.py': main = '', ...others } = files
  return { main, files: others }
}

/** Runs the judge in the sandbox on a few tasks. */
export async function runJudge(
  sandbox: Sandbox,
  source: JudgeSource,
  tasks: readonly JudgedTask<Problem>[],
  options: EvalOptions,
): Promise<JudgeReport> {
  const nonce = randomBytes(16).toString('hex')
  const result = await sandbox.run(
    {
      language: 'python',
      source: source.main,
      files: source.files,
      stdin: judgeInput(tasks, options, nonce),
    },
    judgeLimits(tasks, options),
  )
  return readReport(result, nonce, tasks)
}

/** The two documents that the judge reads; programs see nothing of the second. */
function judgeInput(
  tasks: readonly JudgedTask<Problem>[],
  options: EvalOptions,
  nonce: string,
): string {
  const problems = tasks.map(({ problem }) => ({
    taskId: problem.taskId,
    dataset: problem.dataset,
    entryPoint: problem.entryPoint,
    tolerance: problem.tolerance,
    inputs: {
      base: problem.baseInput,
      ...(options.baseOnly ? {} : { plus: problem.plusInput }),
    },
  }))
  const usesNumpy = tasks.some((task) => task.programs.some((text) => text.includes('numpy')))
  const first = JSON.stringify({ problems, preload: usesNumpy ? ['numpy'] : [] })
  const second = JSON.stringify({
    nonce,
    options: {
      minTimeLimit: options.minTimeLimit,
      gtTimeLimitFactor: options.gtTimeLimitFactor,
      totalTimeLimit: options.totalTimeLimit,
      testDetails: options.testDetails,
      plusAfterFailedBase: options.plusAfterFailedBase,
      memoryBytes: options.memoryMib * MIB,
    },
    tasks: tasks.map(({ problem, programs }) => ({
      reference: problem.prompt + problem.canonicalSolution,
      programs,
    })),
  })
  return `${Buffer.byteLength(first)}\n${first}${second}`
}

/** Backstops only: the judge itself ends programs at their limits. */
function judgeLimits(tasks: readonly JudgedTask<Problem>[], options: EvalOptions): Partial<Limits> {
  const programs = tasks.reduce((sum, task) => sum + task.programs.length, 0)
  const seconds = 600 + programs * 2 * (options.totalTimeLimit + 3)
  return {
    cpuMs: Math.min(seconds * 2_000, 86_400_000),
    wallMs: Math.min(seconds * 2_000, 86_400_000),
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
  result: RunResult,
  nonce: string,
  tasks: readonly JudgedTask<Problem>[],
): JudgeReport {
  const verdicts = tasks.map(({ programs }) =>
    programs.map((): ProgramVerdict | undefined => undefined),
  )
  const ready = new Set<number>()
  const faults = new Map<number, string>()
  for (const line of result.stdout.split('\n')) {
    if (!line.startsWith(`${nonce} `)) continue
    const record = parseLine(line.slice(nonce.length + 1))
    if (record === undefined) continue
    if (record.fault !== undefined) faults.set(record.task, record.fault)
    else if (record.ready === true) ready.add(record.task)
    else if (record.program !== undefined && record.base !== undefined) {
      const { base, plus } = record
      const ofTask = verdicts[record.task]
      if (ofTask !== undefined) {
        ofTask[record.program] = plus === undefined ? { base } : { base, plus }
      }
    }
  }
  return { result, verdicts, ready, faults }
}

interface JudgeLine extends Partial<ProgramVerdict> {
  task: number
  program?: number
  ready?: boolean
  fault?: string
}

/** A line cut off in the middle says nothing. */
function parseLine(text: string): JudgeLine | undefined {
  try {
    return JSON.parse(text) as JudgeLine
  } catch {
    return undefined
  }
}
