import type { TranslatedLanguage, TranslatedProblem } from '../../data/benchmarks/index.ts'
import { passesTests, type RunResult } from '../../sandbox/index.ts'
import type { JudgeContext } from './judge-context.ts'
import type { JudgedTask } from './judged-task.ts'
import { runParallel } from './run-parallel.ts'
import type { ProgramVerdict, SetVerdict } from './verdicts.ts'

/**
 * Judges functions in another language: each is followed by its tests, built and run, with the
 * commands, limits and pass rules of the bigcode-evaluation-harness.
 *
 * @throws MissingDependencyError with the Debian packages of a compiler that is missing.
 */
export async function judgeTranslated(
  language: TranslatedLanguage,
  tasks: readonly JudgedTask<TranslatedProblem>[],
  { sandbox: starting, workers, onVerdict, options, signal }: JudgeContext,
): Promise<void> {
  const sandbox = await starting.ready
  await sandbox.requireLanguage(language, { tests: true })
  const runs = tasks.flatMap(({ problem, programs }) =>
    programs.map((program) => ({ problem, program })),
  )
  await runParallel(
    runs,
    workers,
    async ({ problem, program }) => {
      const source = `${program}\n${problem.tests}`
      const result = await sandbox.run(
        { language, source, libraryForCompilerOnly: !options.javaTuples },
        { outputBytes: OUTPUT_BYTES },
      )
      await onVerdict(problem.taskId, program, verdictOf(language, result))
    },
    signal,
  )
}

/** What a program prints says nothing of its tests, so that it may print much. */
const OUTPUT_BYTES = 64 * 2 ** 20
const SHOWN_CHARACTERS = 1000

function verdictOf(language: TranslatedLanguage, result: RunResult): ProgramVerdict {
  const passed = passesTests(language, result)
  const failure = { index: 0, input: '', ...describeEnd(result) }
  const verdict: SetVerdict = {
    status: passed ? 'pass' : statusOf(result),
    finished: result.step === 'run' ? 1 : 0,
    inputs: 1,
    load: 0,
    seconds: (result.chargedMs + (result.compile?.chargedMs ?? 0)) / 1000,
    failTests: [],
    ...(passed ? {} : { failure }),
  }
  return { base: verdict }
}

function statusOf({ outcome }: RunResult): 'fail' | 'timeout' | 'infra-error' {
  return outcome === 'timeout' || outcome === 'infra-error' ? outcome : 'fail'
}

function describeEnd(result: RunResult): { got: string; error: string } {
  const { outcome, step, stdout, stderr, exitCode, signal, limit, fault } = result
  const texts: Record<RunResult['outcome'], string> = {
    ok: 'a test failed',
    error: `exit status ${exitCode}`,
    timeout: `over the time limit (${limit})`,
    memory: 'out of memory',
    'output-limit': 'too much output',
    killed: `killed by ${signal}`,
    'infra-error': `the sandbox failed: ${fault}`,
  }
  const end = step === 'compile' ? `does not compile: ${texts[outcome]}` : texts[outcome]
  const errors = stderr.trim().slice(0, SHOWN_CHARACTERS)
  return {
    got: stdout.trim().slice(-SHOWN_CHARACTERS),
    error: errors === '' ? end : `${end}\n${errors}`,
  }
}
