import {
  add,
  addToColumn,
  concatenate,
  exponential,
  Graph,
  type GraphModel,
  gradients,
  linear,
  logSoftmax,
  multiply,
  negate,
  reduceSum,
  renderOnnx,
  reshape,
  rmsNorm,
  scale,
  selectColumn,
  split,
  subtract,
  type Value,
} from '../../../../nn/graph/index.ts'
import type { DecoderConfig } from '../../../../nn/models/index.ts'

/**
 * Final norm, output matrix and cross-entropy in one graph, forward and backward.
 *
 * Feeds: `x` [rows, hidden]; `label` int64 [rows, 1]; `scale` [rows, 1], the factor of each row's
 * negative log-likelihood in the loss; `norm`, `head` and their sums. Outputs: `nll` [rows, 1]
 * (without the factor), `d:x`, `sum:norm`, `sum:head`.
 */
export function crossEntropyHead(config: DecoderConfig): GraphModel {
  const graph = new Graph()
  const x = graph.input('x', ['rows', config.hiddenSize])
  const label = graph.input('label', ['rows', 1], 'int64')
  const factor = graph.input('scale', ['rows', 1])
  const head = outputHead(graph, config, x)
  const logProbabilities = logSoftmax(head.logits)
  return renderOnnx('cross-entropy-head', graph, {
    nll: negate(selectColumn(logProbabilities, label)),
    ...head.backward(crossEntropyGradient(exponential(logProbabilities), label, factor)),
  })
}

/**
 * Final norm, output matrix, cross-entropy of both views and KL(teacher ‖ student) in one graph,
 * forward and backward. The teacher's distribution is held constant under KL (design §4).
 *
 * Feeds: as `crossEntropyHead` with `x` [2, rows, hidden], `label` and `scale` [2, rows, 1], teacher
 * first; `distillScale` [rows, 1]. Outputs: `nll` [2, rows, 1], `kl` [rows, 1], `d:x`
 * [2, rows, hidden], `sum:norm`, `sum:head`.
 */
export function distillHead(config: DecoderConfig, temperature: number): GraphModel {
  const { hiddenSize, vocabularySize } = config
  const graph = new Graph()
  const x = graph.input('x', [2, 'rows', hiddenSize])
  const label = reshape(graph.input('label', [2, 'rows', 1], 'int64'), ['bothRows', 1])
  const factor = reshape(graph.input('scale', [2, 'rows', 1]), ['bothRows', 1])
  const distillFactor = graph.input('distillScale', ['rows', 1])
  const head = outputHead(graph, config, reshape(x, ['bothRows', hiddenSize]), x)

  const logProbabilities = logSoftmax(head.logits)
  const probabilities = exponential(logProbabilities)
  const soft =
    temperature === 1 ? logProbabilities : logSoftmax(scale(head.logits, 1 / temperature))
  const [teacher, student] = views(soft, vocabularySize)
  const [teacherShare, studentShare] = views(
    temperature === 1 ? probabilities : exponential(soft),
    vocabularySize,
  )
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
      reshape(part, [1, 'rows', vocabularySize]),
    ),
    0,
  )
  return renderOnnx('distill-head', graph, {
    nll: negate(selectColumn(logProbabilities, label)),
    kl,
    ...head.backward(reshape(both, ['bothRows', vocabularySize])),
  })
}

/** Logits of rows, and the gradients that follow from a gradient of the logits. */
function outputHead(graph: Graph, config: DecoderConfig, rows: Value, x: Value = rows) {
  const norm = graph.input('norm', [config.hiddenSize])
  const weight = graph.input('head', [config.vocabularySize, config.hiddenSize])
  const logits = linear(rmsNorm(rows, norm, config.normEpsilon), weight)
  return {
    logits,
    backward(cotangent: Value): Record<string, Value> {
      const [dx, dNorm, dWeight] = gradients([{ output: logits, cotangent }], [x, norm, weight])
      return {
        'd:x': dx!,
        'sum:norm': add(graph.input('sum:norm', norm.shape), dNorm!),
        'sum:head': add(graph.input('sum:head', weight.shape), dWeight!),
      }
    },
  }
}

/** d/d logits of Σ factor · nll = factor · (softmax − one-hot). */
function crossEntropyGradient(probabilities: Value, label: Value, factor: Value): Value {
  return addToColumn(multiply(probabilities, factor), label, negate(factor))
}

/** Teacher and student rows of [bothRows, columns]. */
function views(value: Value, columns: number): [Value, Value] {
  const parts = split(reshape(value, [2, 'rows', columns]), 0, [1, 1])
  return parts.map((part) => reshape(part, ['rows', columns])) as [Value, Value]
}
