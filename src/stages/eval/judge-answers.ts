import type { AnswerProblem } from '../../data/benchmarks/index.ts'
import type { Limits, RunResult, Sandbox } from '../../sandbox/index.ts'
import { acceptsAnswer, readAnswer } from './compare-answers.ts'
import type { JudgeContext } from './judge-context.ts'
import type { JudgedTask } from './judged-task.ts'
import { runParallel } from './run-parallel.ts'
import type { ProgramVerdict, SetVerdict } from './verdicts.ts'

/** Judges programs that print the answer of a question, or whose `solution()` returns it. */
export async function judgeAnswers(
  tasks: readonly JudgedTask<AnswerProblem>[],
  { sandbox: starting, options, workers, onVerdict, signal }: JudgeContext,
): Promise<void> {
  const sandbox = await starting.ready
  const runs = tasks.flatMap(({ problem, programs }) =>
    programs.map((program) => ({ problem, program })),
  )
  const limits = {
    ...answerLimits,
    memoryBytes: Math.min(options.memoryMib, 1024) * 2 ** 20,
  }
  await runParallel(
    runs,
    workers,
    async ({ problem, program }) => {
      const verdict = await judgeAnswer(sandbox, problem, program, limits, options.percent)
      await onVerdict(problem.taskId, program, verdict)
    },
    signal,
  )
}

const SECONDS = 5
const answerLimits: Partial<Limits> = { chargedMs: SECONDS * 1000 }

async function judgeAnswer(
  sandbox: Sandbox,
  problem: AnswerProblem,
  sample: string,
  limits: Partial<Limits>,
  percent: boolean,
): Promise<ProgramVerdict> {
  const source = takeProgram(sample)
  let result = await sandbox.run({ language: 'python', source }, limits)
  if (result.outcome === 'ok' && result.stdout.trim() === '' && definesSolution.test(source)) {
    const calling = `${source}\n\nprint(solution())\n`
    result = await sandbox.run({ language: 'python', source: calling }, limits)
  }
  return { base: verdictOf(result, problem, percent) }
}

/** The first fenced block of Python in a sample that holds one, else the sample. */
function takeProgram(sample: string): string {
  return /^```(?:python|py)?[ \t]*\n(.*?)^```/ms.exec(sample)?.[1] ?? sample
}

const definesSolution = /^def solution\(\s*\)/m

function verdictOf(result: RunResult, { question, answer }: AnswerProblem, percent: boolean) {
  const load = result.chargedMs / (SECONDS * 1000)
  const verdict: SetVerdict = {
    status: 'fail',
    finished: 1,
    inputs: 1,
    load: Math.round(load * 1e4) / 1e4,
    seconds: result.chargedMs / 1000,
    failTests: [],
  }
  if (result.outcome === 'infra-error') return { ...verdict, status: 'infra-error' as const }
  const got = result.outcome === 'ok' ? readAnswer(result.stdout) : ''
  if (result.outcome === 'ok' && acceptsAnswer(got, answer, percent)) {
    return { ...verdict, status: 'pass' as const }
  }
  const error = result.outcome === 'ok' ? undefined : describeEnd(result)
  const failure = { index: 0, input: question, expected: answer, got }
  return {
    ...verdict,
    status: result.outcome === 'timeout' ? ('timeout' as const) : ('fail' as const),
    failure: error === undefined ? failure : { ...failure, error },
  }
}

function describeEnd({ outcome, stderr, signal, exitCode }: RunResult): string {
  const last = stderr.trimEnd().split('\n').at(-1) ?? ''
  if (outcome === 'error' && last !== '') return last.slice(0, 500)
  if (outcome === 'timeout') return `no answer within ${SECONDS} s`
  return outcome === 'error'
    ? `exit status ${exitCode}`
    : `${outcome}${signal ? ` (${signal})` : ''}`
}
