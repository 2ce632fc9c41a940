import { MissingDependencyError } from '../../core/index.ts'
import type { Sandbox } from '../../sandbox/index.ts'
import type { EvalOptions } from './options.ts'

/**
 * Warns where NumPy, which EvalPlus's rules and many programs use, is not installed.
 *
 * @throws MissingDependencyError `RC_PYTHON_MODULE_MISSING` where judging cannot do without.
 */
export async function findNumpy(
  runner: Pick<Sandbox, 'run'>,
  { strictIdentical }: Pick<EvalOptions, 'strictIdentical'>,
): Promise<string[]> {
  const source = "import importlib.util, sys\nsys.exit(importlib.util.find_spec('numpy') is None)"
  const { outcome } = await runner.run({ language: 'python', source })
  if (outcome === 'ok') return []
  if (strictIdentical) {
    throw new MissingDependencyError('--strict-identical compares with NumPy, which is missing', {
      code: 'RC_PYTHON_MODULE_MISSING',
      hint: 'Install it for the interpreter (pip install numpy), or name one that has it with --python.',
    })
  }
  return [
    'NumPy is not installed for the interpreter: programs that import it fail, and tolerant comparison of nested lists is done without it (pip install numpy)',
  ]
}
