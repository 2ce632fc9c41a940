import { createHash } from 'node:crypto'
import { functionKeys } from './normalise-syntax.ts'

/** Who may see a kata: the base model, tuning, or the test alone. */
export type Split = 'base' | 'train' | 'test'

/**
 * The split of a function by its syntax without names and constants: 10 % test, 30 % train, 60 %
 * base. So no test kata is a renaming, or another constant, of anything in the other two.
 */
export function splitOf(source: string): Split {
  const key = functionKeys(source, 'abstract').join('\n')
  const bucket = createHash('sha256').update(`kata ${key}`).digest().readUInt32LE(0) % 10
  if (bucket === 0) return 'test'
  return bucket < 4 ? 'train' : 'base'
}
