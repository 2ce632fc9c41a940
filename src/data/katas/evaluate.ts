import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { MissingDependencyError, ReflectionCoderError } from '../../core/index.ts'

/** A reference with the calls whose values are wanted, and attempts to compare with it. */
export interface Evaluation {
  source: string
  calls: string[]
  attempts: string[]
}

export interface Evaluated {
  /** Python text of each value; null when the reference itself fails. */
  results: string[] | null
  attempts: Attempt[]
}

/** What an attempt did at the calls of its reference. */
export interface Attempt {
  /** Calls, counted from 0, with another value, an error or no end. */
  failing: number[]
  endless: boolean
  /** Whether a value's text differs from run to run, as that of an iterator does. */
  unstable: boolean
}

/**
 * Runs many kata references and faults of this generator, never foreign code, in one Python
 * process. Attempts are stopped after a fixed number of lines, so the answer does not depend on
 * the machine.
 */
export function evaluateKatas(items: readonly Evaluation[], python = 'python3'): Evaluated[] {
  const program = fileURLToPath(new URL('./evaluate.py', import.meta.url))
  const done = spawnSync(python, ['-S', '-B', program], {
    input: JSON.stringify(items),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    timeout: 120_000,
    env: { PATH: process.env.PATH, PYTHONHASHSEED: '0', LC_ALL: 'C.UTF-8' },
  })
  if ((done.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    throw new MissingDependencyError(`katas need Python 3, but ${python} does not start`, {
      code: 'RC_PYTHON_MISSING',
      hint: 'apt-get install python3',
      cause: done.error,
    })
  }
  if (done.status !== 0) {
    throw new ReflectionCoderError(
      `the katas could not be evaluated: ${done.stderr.slice(-500) || done.error}`,
      {
        code: 'RC_KATA_EVALUATION',
      },
    )
  }
  return JSON.parse(done.stdout) as Evaluated[]
}
