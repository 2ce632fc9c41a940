import { InputError, MissingDependencyError } from '../../core/index.ts'
import type { Benchmark, Problem } from '../../data/benchmarks/index.ts'
import type { Host } from '../../sandbox/index.ts'
import { findNumpy } from './find-numpy.ts'
import type { JudgeContext } from './judge-context.ts'
import { judgeRest, partsOf } from './judge-in-parts.ts'
import { countPrograms, type JudgedTask, type OnVerdict } from './judged-task.ts'
import type { EvalOptions } from './options.ts'
import { type JudgeCall, orderCalls } from './order-calls.ts'
import { openReferences, type References } from './references.ts'
import { type JudgedProgram, type JudgeReport, openJudge, runJudge } from './run-judge.ts'
import { runParallel } from './run-parallel.ts'
import { readShippedReferences } from './shipped-references.ts'
import type { ProgramVerdict, SetVerdict } from './verdicts.ts'

/**
 * Judges all programs of all tasks, those that may take longest first. A call whose judge ended
 * early, for whatever reason, is repeated program by program, so that no program harms another's
 * verdict. Returns warnings about what is missing for it.
 *
 * @throws InterruptedError after the calls in progress when `signal` is aborted.
 */
export async function judgeFunctions(
  { hash, problems }: Extract<Benchmark, { kind: 'functions' }>,
  tasks: readonly JudgedTask<Problem>[],
  { sandbox, source, options, workers, onVerdict, signal, referenceFolder }: JudgeContext,
): Promise<string[]> {
  // Judges that compare within programs cannot start without.
  if (options.strictIdentical) await findNumpy(await sandbox.ready, options)
  const usesNumpy = tasks.some(({ programs }) => programs.some((text) => text.includes('numpy')))
  const host = openJudge(
    sandbox,
    { preload: usesNumpy ? ['numpy'] : [], identical: options.strictIdentical },
    workers,
  )
  try {
    host.start(countPrograms(tasks))
    const setting = { hash, pythonVersion: sandbox.pythonVersion, judgeSource: source }
    const taskIds = tasks.map(({ problem }) => problem.taskId)
    const references = options.cache
      ? await openReferences(referenceFolder, setting, taskIds, async () =>
          readShippedReferences(hash, host),
        )
      : await openReferences(undefined, setting)
    const judging = runParallel(
      orderCalls(tasks, references, workers),
      workers,
      (call) => judgeCall(host, call, options, references, workers, onVerdict),
      signal,
    ).finally(references.save)
    // Katas do without.
    const isNumpyUsed = problems.some(({ dataset }) => dataset !== 'other')
    const finding = isNumpyUsed && !options.strictIdentical ? findNumpy(host, options) : []
    const [warnings] = await Promise.all([finding, judging])
    return warnings
  } finally {
    await host.dispose()
  }
}

async function judgeCall(
  host: Host,
  { tasks, setsApart }: JudgeCall,
  options: EvalOptions,
  references: References,
  workers: number,
  onVerdict: OnVerdict,
): Promise<void> {
  const parts = partsOf(options, workers)
  const judge = (set?: 'base' | 'plus') =>
    runJudge(host, tasks, options, references, { set, parts })
  const isApart = setsApart && !options.baseOnly && options.plusAfterFailedBase
  const reports = await Promise.all(isApart ? [judge('base'), judge('plus')] : [judge()])
  for (const report of reports) refuseFaults(report, tasks)
  for (const [index, { problem, programs }] of tasks.entries()) {
    for (const [number, program] of programs.entries()) {
      const task = { problem, programs: [program] }
      const found = Object.assign({}, ...reports.map((each) => each.verdicts[index]?.[number]))
      const verdict =
        (found.rest && found.base
          ? await judgeRest(host, task, found, options, references)
          : wholeVerdict(found, options)) ?? (await judgeAlone(host, task, options, references))
      await onVerdict(problem.taskId, program, verdict)
    }
  }
}

/** The verdict, where no set is missing that was to be judged. */
function wholeVerdict(
  { base, plus }: JudgedProgram,
  { baseOnly, plusAfterFailedBase }: EvalOptions,
): ProgramVerdict | undefined {
  if (base === undefined) return undefined
  const isPlusWanted = !baseOnly && (plusAfterFailedBase || base.status === 'pass')
  if (plus === undefined) return isPlusWanted ? undefined : { base }
  return { base, plus }
}

/** Judges one program in a call of its own; a program that ends the judge reaches no status. */
async function judgeAlone(
  host: Host,
  task: JudgedTask<Problem>,
  options: EvalOptions,
  references: References,
): Promise<ProgramVerdict> {
  const report = await runJudge(host, [task], options, references)
  refuseFaults(report, [task])
  const verdict = wholeVerdict(report.verdicts[0]?.[0] ?? {}, options)
  if (verdict !== undefined) return verdict
  const { outcome, stderr, fault } = report.result
  const failed = outcome === 'infra-error' || outcome === 'error' || !report.ready.has(0)
  const last = fault ?? stderr.trimEnd().split('\n').at(-1) ?? ''
  const noVerdict = (): SetVerdict => ({
    status: failed ? 'infra-error' : 'timeout',
    finished: 0,
    inputs: 0,
    load: 0,
    seconds: 0,
    failTests: [],
    error: `the judge was ended (${outcome}${last === '' ? '' : `: ${last}`})`,
  })
  return options.baseOnly ? { base: noVerdict() } : { base: noVerdict(), plus: noVerdict() }
}

function refuseFaults(report: JudgeReport, tasks: readonly JudgedTask<Problem>[]): void {
  for (const [index, fault] of report.faults) {
    const taskId = tasks[index]?.problem.taskId
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
