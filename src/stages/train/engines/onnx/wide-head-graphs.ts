import {
  add,
  Graph,
  type GraphModel,
  gemm,
  linear,
  multiply,
  renderOnnx,
  rmsNorm,
  softmax,
  type Value,
} from '../../../../nn/graph/index.ts'
import type { DecoderConfig } from '../../../../nn/models/index.ts'

/** The final norm: `x` [rows, hidden] → `normal`. */
export function normGraph({ hiddenSize, normEpsilon }: DecoderConfig): GraphModel {
  const graph = new Graph()
  const x = graph.input('x', ['rows', hiddenSize])
  const weight = graph.input('model.norm.weight', [hiddenSize])
  return renderOnnx('norm', graph, { normal: rmsNorm(x, weight, normEpsilon) })
}

/**
 * Softmax over a part of the vocabulary: `x` [rows, hidden] and `matrix` [columns, hidden] →
 * `shares` [rows, columns], which sum to 1 within the part; `top` and `topShare` [rows, 1], the
 * largest logit and its share. log Σ exp(logit) over the part is top − log(topShare).
 */
export function sharesGraph({ hiddenSize }: DecoderConfig): GraphModel {
  const graph = new Graph()
  const x = graph.input('x', ['rows', hiddenSize])
  const matrix = graph.input('matrix', ['columns', hiddenSize])
  const logits = linear(x, matrix)
  const shares = softmax(logits)
  return renderOnnx('shares', graph, { shares, top: largest(logits), topShare: largest(shares) })
}

/**
 * What the shares of a part of the vocabulary give to the gradients.
 *
 * Feeds: `shares` [rows, columns]; `factor` [rows, 1], the part's own share of the whole; `matrix`
 * [columns, hidden]; `mix` [rows, hidden], of the parts before; `pull` [rows, hidden].
 * `mix` ← mix + factor · shares · matrix, the mean row of the matrix under each distribution;
 * `gradient` [columns, hidden] ← sharesᵀ · (factor · pull), added to the one that is fed if it is
 * to be accumulated, and left out if it is not wanted. Both may be written where they were read.
 */
export function mixGraph(
  { hiddenSize }: DecoderConfig,
  gradient: 'none' | 'new' | 'added',
): GraphModel {
  const graph = new Graph()
  const shares = graph.input('shares', ['rows', 'columns'])
  const factor = graph.input('factor', ['rows', 1])
  const matrix = graph.input('matrix', ['columns', hiddenSize])
  const before = graph.input('mix', ['rows', hiddenSize])
  const mix = add(before, multiply(gemm(shares, matrix), factor))
  if (gradient === 'none') return renderOnnx('mix', graph, { mix })
  const pull = multiply(graph.input('pull', ['rows', hiddenSize]), factor)
  const made = gemm(shares, pull, { transposeA: true })
  const sum = graph.input('gradient', ['columns', hiddenSize])
  return renderOnnx('mix', graph, { mix, gradient: gradient === 'new' ? made : add(sum, made) })
}

function largest(x: Value): Value {
  const signature = { type: 'float32', shape: [x.shape[0]!, 1] } as const
  const attributes = { axes: [1], keepdims: 1 }
  return x.graph.emit('ReduceMax', [x], [signature], { attributes })[0]!
}
