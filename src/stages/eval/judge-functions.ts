import { InputError, MissingDependencyError } from '../../core/index.ts'
import type { Problem } from '../../data/benchmarks/index.ts'
import type { Sandbox } from '../../sandbox/index.ts'
import type { JudgeContext } from './judge-benchmark.ts'
import type { JudgedTask, OnVerdict } from './judged-task.ts'
import type { EvalOptions } from './options.ts'
import { type JudgeReport, type JudgeSource, runJudge } from './run-judge.ts'
import { runParallel } from './run-parallel.ts'
import type { ProgramVerdict, SetVerdict } from './verdicts.ts'

/**
 * Judges all programs of all tasks, `workers` runs at a time. A run whose judge ended early, for
 * whatever reason, is repeated program by program, so that no program harms another's verdict.
 *
 * @throws InterruptedError after the runs in progress when `signal` is aborted.
 */
export async function judgeFunctions(
  tasks: readonly JudgedTask<Problem>[],
  { sandbox, source, options, workers, onVerdict, signal }: JudgeContext,
): Promise<void> {
  await runParallel(
    groupTasks(tasks, workers),
    workers,
    (group) => judgeGroup(sandbox, source, group, options, onVerdict),
    signal,
  )
}

/** Slow tasks alone and first, the rest in small groups, which save start-up time. */
function groupTasks(
  tasks: readonly JudgedTask<Problem>[],
  workers: number,
): JudgedTask<Problem>[][] {
  const slow = tasks.filter(({ problem }) => slowTasks.has(problem.taskId))
  const groups = slow.map((task) => [task])
  const others = tasks.filter(({ problem }) => !slowTasks.has(problem.taskId))
  const size = Math.max(1, Math.min(8, Math.ceil(others.length / (workers * 8))))
  let group: JudgedTask<Problem>[] = []
  let programs = 0
  for (const task of others) {
    if (group.length > 0 && (group.length >= size || programs + task.programs.length > 8)) {
      groups.push(group)
      group = []
      programs = 0
    }
    group.push(task)
    programs += task.programs.length
  }
  if (group.length > 0) groups.push(group)
  return groups
}

/** Tasks whose reference needs more than half a second. */
const slowTasks = new Set(
  [139, 15, 59, 36, 130, 94, 83, 147]
    .map((number) => `HumanEval/${number}`)
    .concat([255, 599, 630, 274, 388, 392, 605, 781, 239].map((number) => `Mbpp/${number}`)),
)

async function judgeGroup(
  sandbox: Sandbox,
  source: JudgeSource,
  group: readonly JudgedTask<Problem>[],
  options: EvalOptions,
  onVerdict: OnVerdict,
): Promise<void> {
  const report = await runJudge(sandbox, source, group, options)
  refuseFaults(report, group)
  for (const [index, task] of group.entries()) {
    for (const [number, program] of task.programs.entries()) {
      const verdict =
        report.verdicts[index]?.[number] ??
        (await judgeAlone(sandbox, source, { problem: task.problem, programs: [program] }, options))
      await onVerdict(task.problem.taskId, program, verdict)
    }
  }
}

/** Judges one program in a run of its own; a program that ends the judge reaches no status. */
async function judgeAlone(
  sandbox: Sandbox,
  source: JudgeSource,
  task: JudgedTask<Problem>,
  options: EvalOptions,
): Promise<ProgramVerdict> {
  const report = await runJudge(sandbox, source, [task], options)
  refuseFaults(report, [task])
  const verdict = report.verdicts[0]?.[0]
  if (verdict !== undefined) return verdict
  const { result } = report
  const failed = result.outcome === 'infra-error' || !report.ready.has(0)
  const last = lastLine(result.stderr)
  const noVerdict = (): SetVerdict => ({
    status: failed ? 'infra-error' : 'timeout',
    finished: 0,
    inputs: 0,
    load: 0,
    seconds: 0,
    failTests: [],
    error: `the judge was ended (${result.outcome}${last === '' ? '' : `: ${last}`})`,
  })
  return options.baseOnly ? { base: noVerdict() } : { base: noVerdict(), plus: noVerdict() }
}

function refuseFaults(report: JudgeReport, group: readonly JudgedTask<Problem>[]): void {
  for (const [index, fault] of report.faults) {
    const taskId = group[index]?.problem.taskId
    if (/No module named/.test(fault)) {
      throw new MissingDependencyError(`the reference of ${taskId} failed: ${fault}`, {
        code: 'RC_PYTHON_MODULE_MISSING',
        hint: 'Install the module for the interpreter, or name one that has it with --python.',
      })
    }
    throw new InputError(`the reference of ${taskId} failed: ${fault}`, {
      code: 'RC_REFERENCE_FAILED',
      hint: 'Correct prompt, canonical_solution or the inputs in the problem file.',
    })
  }
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? ''
}
