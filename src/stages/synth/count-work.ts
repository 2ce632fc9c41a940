import { InputError } from '../../core/index.ts'
import type { SynthOptions } from './options.ts'
import { countTasks, type TaskCount } from './read-tasks.ts'

/**
 * Counts the instructions and refuses what cannot be a run: a file without any, or a limit on money
 * without prices.
 *
 * @throws `RC_NO_INSTRUCTIONS`, `RC_NO_PRICES`, the errors of files
 */
export async function countWork(options: SynthOptions): Promise<TaskCount> {
  const { maxCost, inputPrice, outputPrice, instructions } = options
  if (maxCost !== undefined && inputPrice === 0 && outputPrice === 0) {
    throw new InputError('maxCost is given without prices: nothing would ever cost anything', {
      code: 'RC_NO_PRICES',
      hint: 'Give --input-price and --output-price, per million tokens, or --max-tokens-total.',
    })
  }
  const count = await countTasks(options)
  if (count.total > 0) return count
  const broken = count.broken > 0 ? `; ${count.broken} of its lines are broken` : ''
  throw new InputError(`${instructions} holds no instruction${broken}`, {
    code: 'RC_NO_INSTRUCTIONS',
    hint: 'Each record or line must hold one; name its column with --instruction-column.',
  })
}
