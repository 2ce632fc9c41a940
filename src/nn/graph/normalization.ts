import { exponential, multiply, subtract } from './elementwise.ts'
import { applyOperation, type Operation, operationFunction } from './operation.ts'
import { reduceSum, reduceTo } from './reduce.ts'
import type { Value } from './value.ts'

interface RmsNormAttributes {
  readonly epsilon: number
}

/** x / sqrt(mean(x²) + epsilon) · weight over the last axis (Zhang and Sennrich 2019). */
const rmsNormOperation: Operation<RmsNormAttributes> = {
  name: 'RMSNorm',
  emit: ([x, weight], { epsilon }) => {
    const inverse = [...x!.shape.slice(0, -1), 1]
    return x!.graph.emit(
      'SimplifiedLayerNormalization',
      [x!, weight!],
      [
        { type: 'float32', shape: x!.shape },
        { type: 'float32', shape: inverse },
      ],
      { attributes: { axis: -1, epsilon: { float: epsilon } } },
    )
  },
  gradient: ({ inputs: [x, weight], outputs: [, inverse], cotangents: [dy] }) => {
    const last = x!.shape.length - 1
    const size = x!.shape[last] as number
    const normal = multiply(x!, inverse!)
    const scaled = multiply(dy!, weight!)
    const mean = multiply(reduceSum(multiply(scaled, normal), [last]), x!.graph.scalar(1 / size))
    return [
      multiply(subtract(scaled, multiply(normal, mean)), inverse!),
      reduceTo(multiply(dy!, normal), weight!.shape),
    ]
  },
}
export const rmsNorm = (x: Value, weight: Value, epsilon: number): Value =>
  applyOperation(rmsNormOperation, [x, weight], { epsilon })[0] as Value

/** Softmax over the last axis. */
const softmaxOperation: Operation<undefined> = {
  name: 'Softmax',
  emit: ([x]) =>
    x!.graph.emit('Softmax', [x!], [{ type: 'float32', shape: x!.shape }], {
      attributes: { axis: -1 },
    }),
  gradient: ({ outputs: [y], cotangents: [dy] }) => {
    const weighted = multiply(dy!, y!)
    const total = reduceSum(weighted, [y!.shape.length - 1])
    return [subtract(weighted, multiply(y!, total))]
  },
}
const callSoftmax = operationFunction(softmaxOperation)
export const softmax = (x: Value): Value => callSoftmax([x], undefined)

/** Logarithm of the softmax over the last axis. */
const logSoftmaxOperation: Operation<undefined> = {
  name: 'LogSoftmax',
  emit: ([x]) =>
    x!.graph.emit('LogSoftmax', [x!], [{ type: 'float32', shape: x!.shape }], {
      attributes: { axis: -1 },
    }),
  gradient: ({ outputs: [y], cotangents: [dy] }) => {
    const total = reduceSum(dy!, [y!.shape.length - 1])
    return [subtract(dy!, multiply(exponential(y!), total))]
  },
}
const callLogSoftmax = operationFunction(logSoftmaxOperation)
export const logSoftmax = (x: Value): Value => callLogSoftmax([x], undefined)
