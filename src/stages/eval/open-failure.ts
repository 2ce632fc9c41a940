import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, nearestName } from '../../core/index.ts'
import type { AnswerProblem, Benchmark, Problem } from '../../data/benchmarks/index.ts'
import { openBenchmark } from './open-benchmark.ts'
import { readVerdicts } from './read-verdicts.ts'
import { renderPythonFailure, showInput } from './render-failure.ts'
import type { EvaluationSummary } from './summary.ts'
import { passes, type SampleVerdict, type SetVerdict, type Status } from './verdicts.ts'

export interface FailureChoice {
  /** Output folder of an evaluation. */
  results: string
  taskId: string
  /** Which sample of the task, from 0. */
  sample: number
  /** Folders with the files of benchmarks. */
  data: readonly string[]
}

/** A file that shows a failure when it is run. */
export interface OpenedFailure {
  /** A name for the file. */
  name: string
  content: string
  /** How to run it. */
  hint: string
  set: 'base' | 'plus'
  status: Status
}

/**
 * Renders a failing sample as a file of its own that can be run, changed and run again.
 *
 * @throws InputError `RC_UNKNOWN_TASK`, `RC_TASK_PASSED`, `RC_RESULTS_DIFFER`, `RC_NOT_EVALUATED`.
 */
export async function openFailure(choice: FailureChoice): Promise<OpenedFailure> {
  const verdicts = await readVerdicts(choice.results)
  const verdict = findVerdict(verdicts, choice)
  const summary = await readSummary(choice.results)
  if (passes(verdict, summary.plus === undefined ? 'base' : 'plus')) {
    throw new InputError(`sample ${choice.sample} of ${choice.taskId} passes`, {
      code: 'RC_TASK_PASSED',
      hint: `Failing tasks are ${listFailing(verdicts)}.`,
    })
  }
  const set = verdict.base.status === 'pass' ? 'plus' : 'base'
  const failed = verdict[set] as SetVerdict
  const benchmark = await openEvaluated(summary, choice.data)
  const { content, extension, command } = await render(benchmark, verdict, set, failed)
  const name = `${choice.taskId.replaceAll('/', '_')}.${extension}`
  const { status } = failed
  return { name, content, set, status, hint: `Run it with: ${command} ${name}` }
}

async function render(
  benchmark: Benchmark,
  verdict: SampleVerdict,
  set: 'base' | 'plus',
  failed: SetVerdict,
): Promise<{ content: string; extension: string; command: string }> {
  const problem = benchmark.problems.find(({ taskId }) => taskId === verdict.taskId)
  if (benchmark.kind === 'translated') {
    const { tests } = problem as (typeof benchmark.problems)[number]
    const content = `${verdict.program}\n${tests}`
    return { content, extension: benchmark.language, command: 'build and run' }
  }
  if (benchmark.kind === 'answers') {
    const { question, answer } = problem as AnswerProblem
    const notes = `${question}\nexpected: ${answer}`.replace(/^/gm, '# ')
    return { content: `${notes}\n${verdict.program}`, extension: 'py', command: 'python3' }
  }
  const own = problem as Problem
  const index = failed.failure?.index
  const input = index === undefined ? undefined : await showInput(own, set, index)
  const content = renderPythonFailure(own, verdict, set, failed, input)
  return { content, extension: 'py', command: 'python3' }
}

function findVerdict(
  verdicts: readonly SampleVerdict[],
  { taskId, sample, results }: FailureChoice,
): SampleVerdict {
  const ofTask = verdicts.filter((verdict) => verdict.taskId === taskId)
  if (ofTask.length === 0) {
    const ids = verdicts.map((verdict) => verdict.taskId)
    throw new InputError(`${results} has no sample of a task ${taskId}`, {
      code: 'RC_UNKNOWN_TASK',
      hint: `The nearest one is ${nearestName(taskId, ids)}.`,
    })
  }
  const verdict = ofTask.find((candidate) => candidate.sample === sample)
  if (verdict !== undefined) return verdict
  throw new InputError(`task ${taskId} has ${ofTask.length} samples, got --sample ${sample}`, {
    code: 'RC_UNKNOWN_TASK',
    hint: `Give --sample from 0 to ${ofTask.length - 1}.`,
  })
}

async function readSummary(folder: string): Promise<EvaluationSummary> {
  return JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8'))
}

/** The problems of an evaluation, which must still be those that were judged by. */
async function openEvaluated(
  { benchmark, mini, extreme, hash, problems }: EvaluationSummary,
  data: readonly string[],
): Promise<Benchmark> {
  const opened = await openBenchmark({ benchmark, mini, extreme }, data)
  if (opened.hash === hash) return opened
  throw new InputError(
    `the evaluation is of another version of ${problems}: expected hash ${hash}, got ${opened.hash}`,
    {
      code: 'RC_RESULTS_DIFFER',
      hint: 'Give --data with the version that was judged by, or judge again.',
    },
  )
}

function listFailing(verdicts: readonly SampleVerdict[]): string {
  const failing = verdicts.filter((verdict) => !passes(verdict, verdict.plus ? 'plus' : 'base'))
  const ids = [...new Set(failing.map(({ taskId }) => taskId))]
  const rest = ids.length > 5 ? ` and ${ids.length - 5} more` : ''
  return ids.length === 0 ? 'none' : `${ids.slice(0, 5).join(', ')}${rest}`
}
