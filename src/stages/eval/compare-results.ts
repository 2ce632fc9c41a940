import { InputError } from '../../core/index.ts'
import { comparePaired, type PairedComparison } from './paired-comparison.ts'
import { readPassedTasks } from './result-file.ts'

/**
 * Compares two result files over the first sample of each task.
 *
 * @throws InputError `RC_RESULTS_DIFFER` when they are of different problem files or tasks.
 */
export async function compareResults(
  before: string,
  after: string,
  set: 'base' | 'plus' = 'plus',
): Promise<PairedComparison> {
  const [first, second] = await Promise.all([
    readPassedTasks(before, set),
    readPassedTasks(after, set),
  ])
  if (first.hash !== second.hash) {
    throw new InputError(
      `${before} and ${after} are of different problem files (${first.hash}, ${second.hash})`,
      { code: 'RC_RESULTS_DIFFER', hint: 'Evaluate both sample files on the same problems.' },
    )
  }
  const only = [...first.passed.keys()].find((taskId) => !second.passed.has(taskId))
  if (only !== undefined || first.passed.size !== second.passed.size) {
    const task = only ?? [...second.passed.keys()].find((taskId) => !first.passed.has(taskId))
    throw new InputError(`task ${task} is in only one of ${before} and ${after}`, {
      code: 'RC_RESULTS_DIFFER',
      hint: 'Compare evaluations of the same tasks.',
    })
  }
  return comparePaired(first.passed, second.passed)
}
