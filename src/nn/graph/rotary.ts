import { add, multiply, subtract } from './elementwise.ts'
import { concatenate, split } from './shape-operations.ts'
import type { Value } from './value.ts'

/**
 * Rotary position embedding (Su et al. 2021) in the half-split form of Hugging Face models.
 *
 * @param x [tokens, heads, size]
 * @param cosine [tokens, 1, size / 2]
 * @param sine like `cosine`
 */
export function rotary(x: Value, cosine: Value, sine: Value): Value {
  const half = (x.shape[2] as number) / 2
  const [first, second] = split(x, 2, [half, half]) as [Value, Value]
  return concatenate(
    [
      subtract(multiply(first, cosine), multiply(second, sine)),
      add(multiply(second, cosine), multiply(first, sine)),
    ],
    2,
  )
}
