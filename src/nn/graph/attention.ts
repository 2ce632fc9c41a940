import { multiply, subtract } from './elementwise.ts'
import { batchMatmul } from './matrix.ts'
import { softmax } from './normalization.ts'
import { applyOperation, type Operation } from './operation.ts'
import { reduceSum } from './reduce.ts'
import { reshape } from './shape-operations.ts'
import type { Value } from './value.ts'

interface AttentionAttributes {
  /** Neighbouring rows that see the same keys. */
  readonly group: number
  /** Factor on the scores. */
  readonly scale: number
}

/**
 * softmax(scale · Q · Kᵀ − hidden) · V. The gradient takes Σ P ∘ dP of each query from the result,
 * Σ dO ∘ O, as FlashAttention does (Dao et al. 2022, appendix B.2): two passes over the scores fewer.
 */
const attentionOperation: Operation<AttentionAttributes> = {
  name: 'Attention',
  emit: ([queries, keys, values, hidden], { group, scale }) => {
    const scores = batchMatmul(queries!, keys!, { transposeB: true, alpha: scale })
    const [count, , seen] = hidden!.shape
    const grouped = reshape(scores, [scores.shape[0]!, count!, group, seen!])
    const weights = softmax(reshape(subtract(grouped, hidden!), scores.shape))
    return [batchMatmul(weights, values!), weights]
  },
  gradient: ({
    inputs: [queries, keys, values],
    outputs: [mix, weights],
    cotangents: [dMix],
    attributes: { scale },
  }) => {
    const dWeights = batchMatmul(dMix!, values!, { transposeB: true })
    const mean = reduceSum(multiply(dMix!, mix!), [2])
    const dScores = multiply(weights!, subtract(dWeights, mean))
    return [
      batchMatmul(dScores, keys!, { alpha: scale }),
      batchMatmul(dScores, queries!, { transposeA: true, alpha: scale }),
      batchMatmul(weights!, dMix!, { transposeA: true }),
      null,
    ]
  },
}

/**
 * Attention of queries [batch, rows, size] over keys and values [batch, keys, size].
 *
 * @param hidden taken from the scores of each `group` of neighbouring rows, [rows / group, 1, keys]:
 * 0 where a key may be seen, far more than any score elsewhere
 */
export function attention(
  [queries, keys, values]: readonly [Value, Value, Value],
  hidden: Value,
  attributes: AttentionAttributes,
): Value {
  return applyOperation(attentionOperation, [queries, keys, values, hidden], attributes)[0] as Value
}
