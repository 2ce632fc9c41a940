import {
  add,
  addToColumn,
  concatenate,
  exponential,
  type Graph,
  linear,
  logSoftmax,
  multiply,
  negate,
  reduceSum,
  reshape,
  rmsNorm,
  scale,
  selectColumn,
  split,
  subtract,
  type Value,
} from '../../../../nn/graph/index.ts'
import type { DecoderConfig } from '../../../../nn/models/index.ts'

/** A part of the loss as a graph: what it reports, and where its gradient enters. */
export interface Term {
  readonly outputs: Readonly<Record<string, Value>>
  /** What the output matrix reads, [rows, hidden]. */
  readonly normal: Value
  readonly logits: Value
  /** d loss / d logits. */
  readonly cotangent: Value
}

/** Weights of the final norm and of the output matrix. */
export interface HeadWeights {
  readonly norm: Value
  readonly head: Value
}

/**
 * Cross-entropy of tokens that are not distilled, as a graph with a gradient written by hand:
 * factor · (softmax − one-hot).
 *
 * Feeds: `label` int64 [labelled, 1]; `scale` [labelled, 1], the factor of each token's negative
 * log-likelihood in the loss. Reports `nll` [labelled, 1], without the factor.
 *
 * @param hidden [labelled, hidden], before the final norm
 */
export function crossEntropyTerm(
  graph: Graph,
  config: DecoderConfig,
  hidden: Value,
  weights: HeadWeights,
): Term {
  const label = graph.input('label', ['labelled', 1], 'int64')
  const factor = graph.input('scale', ['labelled', 1])
  const normal = rmsNorm(hidden, weights.norm, config.normEpsilon)
  const logits = linear(normal, weights.head)
  const logProbabilities = logSoftmax(logits)
  return {
    outputs: { nll: negate(selectColumn(logProbabilities, label)) },
    normal,
    logits,
    cotangent: crossEntropyGradient(exponential(logProbabilities), label, factor),
  }
}

/**
 * Cross-entropy of both views and KL(teacher ‖ student) on the final answer. The teacher's
 * distribution is held constant under KL (design §4).
 *
 * Feeds: `pairLabel` int64 and `pairScale` [2 · pairs, 1], the teacher's first; `distillScale`
 * [pairs, 1], the factor of each KL. Reports `pairNll` [2 · pairs, 1] and `kl` [pairs, 1].
 *
 * @param hidden [2 · pairs, hidden], the teacher's first, before the final norm
 */
export function distillTerm(
  graph: Graph,
  config: DecoderConfig,
  hidden: Value,
  weights: HeadWeights,
  temperature: number,
): Term {
  const { vocabularySize } = config
  const label = graph.input('pairLabel', ['paired', 1], 'int64')
  const factor = graph.input('pairScale', ['paired', 1])
  const distillFactor = graph.input('distillScale', ['pairs', 1])
  const normal = rmsNorm(hidden, weights.norm, config.normEpsilon)
  const logits = linear(normal, weights.head)
  const logProbabilities = logSoftmax(logits)
  const probabilities = exponential(logProbabilities)
  const soft = temperature === 1 ? logProbabilities : logSoftmax(scale(logits, 1 / temperature))
  const shares = temperature === 1 ? probabilities : exponential(soft)
  const [teacher, student] = views(soft, vocabularySize)
  const [teacherShare, studentShare] = views(shares, vocabularySize)
  const kl = reduceSum(multiply(teacherShare, subtract(teacher, student)), [1])
  const distillGradient = multiply(
    subtract(studentShare, teacherShare),
    scale(distillFactor, 1 / temperature),
  )
  const [teacherGradient, studentGradient] = views(
    crossEntropyGradient(probabilities, label, factor),
    vocabularySize,
  )
  const both = concatenate(
    [teacherGradient, add(studentGradient, distillGradient)].map((part) =>
      reshape(part, [1, 'pairs', vocabularySize]),
    ),
    0,
  )
  return {
    outputs: { pairNll: negate(selectColumn(logProbabilities, label)), kl },
    normal,
    logits,
    cotangent: reshape(both, ['paired', vocabularySize]),
  }
}

function crossEntropyGradient(probabilities: Value, label: Value, factor: Value): Value {
  return addToColumn(multiply(probabilities, factor), label, negate(factor))
}

/** Teacher and student rows of [paired, columns]. */
function views(value: Value, columns: number): [Value, Value] {
  const parts = split(reshape(value, [2, 'pairs', columns]), 0, [1, 1])
  return parts.map((part) => reshape(part, ['pairs', columns])) as [Value, Value]
}
