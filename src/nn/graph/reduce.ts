import { type Operation, operationFunction } from './operation.ts'
import { reshape } from './shape-operations.ts'
import type { Shape, Value } from './value.ts'

interface ReduceAttributes {
  readonly axes: readonly number[]
}

/** Sum over axes, which stay as dimensions of size 1. */
const reduceSumOperation: Operation<ReduceAttributes> = {
  name: 'ReduceSum',
  emit: ([x], { axes }) => {
    const graph = x!.graph
    const shape = x!.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
    const axesValue = graph.constant(axes, [axes.length], 'int64')
    return graph.emit('ReduceSum', [x!, axesValue], [{ type: 'float32', shape }], {
      attributes: { keepdims: 1 },
    })
  },
  gradient: ({ inputs: [x], cotangents: [dy] }) => [expandLike(dy!, x!)],
}
const callReduceSum = operationFunction(reduceSumOperation)
export const reduceSum = (x: Value, axes: readonly number[]): Value => callReduceSum([x], { axes })

/** Repeats the dimensions of size 1 of `x` to the shape of `like`. */
const expandLikeOperation: Operation<undefined> = {
  name: 'Expand',
  emit: ([x, like]) => {
    const graph = x!.graph
    const [shape] = graph.emit('Shape', [like!], [{ type: 'int64', shape: [like!.shape.length] }])
    return graph.emit('Expand', [x!, shape!], [{ type: 'float32', shape: like!.shape }])
  },
  gradient: ({ inputs: [x], cotangents: [dy] }) => [reduceTo(dy!, x!.shape), null],
}
const callExpandLike = operationFunction(expandLikeOperation)
export const expandLike = (x: Value, like: Value): Value => callExpandLike([x, like], undefined)

/** Undoes broadcasting: sums `x` over the axes that `shape` lacks or holds as 1. */
export function reduceTo(x: Value, shape: Shape): Value {
  const extra = x.shape.length - shape.length
  const axes = x.shape.flatMap((size, axis) => {
    if (axis < extra) return [axis]
    return shape[axis - extra] === 1 && size !== 1 ? [axis] : []
  })
  const summed = axes.length === 0 ? x : reduceSum(x, axes)
  return extra === 0 ? summed : reshape(summed, shape)
}
