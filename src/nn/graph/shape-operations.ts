import { applyOperation, type Operation, operationFunction } from './operation.ts'
import type { Dimension, Shape, Value } from './value.ts'

interface ReshapeAttributes {
  readonly shape: Shape
}

/** The same elements in row-major order under another shape. */
const reshapeOperation: Operation<ReshapeAttributes> = {
  name: 'Reshape',
  emit: ([x], { shape }) =>
    x!.graph.emit('Reshape', [x!, reshapeTarget(x!, shape)], [{ type: x!.type, shape }]),
  gradient: ({ inputs: [x], cotangents: [dy] }) => [reshape(dy!, x!.shape)],
}
const callReshape = operationFunction(reshapeOperation)
export const reshape = (x: Value, shape: Shape): Value => callReshape([x], { shape })

/**
 * Sizes as ONNX Reshape takes them: 0 keeps the input's size at that place, -1 (once) is the rest.
 * Where that is not enough, sizes that the input has elsewhere are read from it.
 */
function reshapeTarget(x: Value, to: Shape): Value {
  const sizes = to.map((size, axis) => {
    if (typeof size === 'number') return size
    return x.shape[axis] === size ? 0 : -1
  })
  const vector = (values: readonly number[]) => x.graph.constant(values, [values.length], 'int64')
  const isEnough = (unknown: readonly boolean[]) => unknown.filter(Boolean).length <= 1
  if (isEnough(sizes.map((size) => size === -1))) return vector(sizes)
  const places = to.map((size, axis) => (sizes[axis] === -1 ? x.shape.indexOf(size) : -1))
  if (!isEnough(sizes.map((size, axis) => size === -1 && places[axis] === -1))) {
    throw new Error(`cannot reshape [${x.shape}] to [${to}]: two sizes are unknown`)
  }
  const parts = sizes.map((size, axis) => {
    const start = places[axis]!
    if (start === -1) return vector([size])
    const signature = { type: 'int64', shape: [1] } as const
    return x.graph.emit('Shape', [x], [signature], { attributes: { start, end: start + 1 } })[0]!
  })
  const signature = { type: 'int64', shape: [to.length] } as const
  return x.graph.emit('Concat', parts, [signature], { attributes: { axis: 0 } })[0]!
}

interface TransposeAttributes {
  readonly order: readonly number[]
}

/** Axis `order[i]` of the input becomes axis i of the output. */
const transposeOperation: Operation<TransposeAttributes> = {
  name: 'Transpose',
  emit: ([x], { order }) => {
    const shape = order.map((axis) => x!.shape[axis] as Dimension)
    return x!.graph.emit('Transpose', [x!], [{ type: x!.type, shape }], {
      attributes: { perm: order },
    })
  },
  gradient: ({ cotangents: [dy], attributes: { order } }) => [
    transpose(
      dy!,
      order.map((_, axis) => order.indexOf(axis)),
    ),
  ],
}
const callTranspose = operationFunction(transposeOperation)
export const transpose = (x: Value, order: readonly number[]): Value =>
  callTranspose([x], { order })

interface SplitAttributes {
  readonly axis: number
  readonly sizes: readonly number[]
}

/** Cuts an axis into parts of given sizes. Every part must be used where gradients are wanted. */
const splitOperation: Operation<SplitAttributes> = {
  name: 'Split',
  emit: ([x], { axis, sizes }) => {
    const lengths = x!.graph.constant(sizes, [sizes.length], 'int64')
    const outputs = sizes.map((size) => ({
      type: x!.type,
      shape: x!.shape.map((old, index) => (index === axis ? size : old)),
    }))
    return x!.graph.emit('Split', [x!, lengths], outputs, { attributes: { axis } })
  },
  gradient: ({ cotangents, attributes: { axis } }) => {
    if (cotangents.some((dy) => dy === null)) throw new Error('a part of a split is not used')
    return [concatenate(cotangents as Value[], axis)]
  },
}
export const split = (x: Value, axis: number, sizes: readonly number[]): Value[] =>
  applyOperation(splitOperation, [x], { axis, sizes })

interface ConcatenateAttributes {
  readonly axis: number
}

/** Joins values along an axis whose sizes are numbers. */
const concatenateOperation: Operation<ConcatenateAttributes> = {
  name: 'Concat',
  emit: (inputs, { axis }) => {
    const size = axisSizes(inputs, axis).reduce((sum, part) => sum + part, 0)
    const shape = inputs[0]!.shape.map((old, index) => (index === axis ? size : old))
    return inputs[0]!.graph.emit('Concat', inputs, [{ type: inputs[0]!.type, shape }], {
      attributes: { axis },
    })
  },
  gradient: ({ inputs, cotangents: [dy], attributes: { axis } }) =>
    split(dy!, axis, axisSizes(inputs, axis)),
}
const callConcatenate = operationFunction(concatenateOperation)
export const concatenate = (inputs: readonly Value[], axis: number): Value =>
  callConcatenate(inputs, { axis })

function axisSizes(inputs: readonly Value[], axis: number): number[] {
  return inputs.map(({ shape }) => {
    const size = shape[axis]
    if (typeof size !== 'number') throw new Error(`axis ${axis} of [${shape}] has no fixed size`)
    return size
  })
}

interface PartsAttributes {
  readonly axis: number
  /** Name of the size of each part, and of their sum. */
  readonly names: readonly string[]
  readonly total: Dimension
}

/** Cuts an axis into parts whose sizes are known only when the graph runs. */
const splitPartsOperation: Operation<PartsAttributes> = {
  name: 'Split',
  emit: ([x, sizes], { axis, names }) => {
    const outputs = names.map((name) => ({
      type: x!.type,
      shape: x!.shape.map((old, index) => (index === axis ? name : old)),
    }))
    return x!.graph.emit('Split', [x!, sizes!], outputs, { attributes: { axis } })
  },
  gradient: ({ inputs: [, sizes], cotangents, attributes }) => {
    if (cotangents.some((dy) => dy === null)) throw new Error('a part of a split is not used')
    return [callJoinParts([sizes!, ...(cotangents as Value[])], attributes), null]
  },
}

/** @param sizes int64 [parts] */
export function splitParts(
  x: Value,
  axis: number,
  sizes: Value,
  names: readonly string[],
): Value[] {
  if (names.length === 1) return [x]
  return applyOperation(splitPartsOperation, [x, sizes], {
    axis,
    names,
    total: x.shape[axis] as Dimension,
  })
}

const joinPartsOperation: Operation<PartsAttributes> = {
  name: 'Concat',
  emit: ([, ...parts], { axis, total }) => {
    const shape = parts[0]!.shape.map((old, index) => (index === axis ? total : old))
    return parts[0]!.graph.emit('Concat', parts, [{ type: parts[0]!.type, shape }], {
      attributes: { axis },
    })
  },
  gradient: ({ inputs: [sizes], cotangents: [dy], attributes }) => [
    null,
    ...applyOperation(splitPartsOperation, [dy!, sizes!], attributes),
  ],
}
const callJoinParts: (inputs: readonly Value[], attributes: PartsAttributes) => Value =
  operationFunction(joinPartsOperation)

/**
 * Joins parts along an axis whose sizes are known only when the graph runs.
 *
 * @param sizes int64 [parts]
 * @param total name of the joined size
 */
export function joinParts(
  parts: readonly Value[],
  axis: number,
  sizes: Value,
  total: Dimension,
): Value {
  if (parts.length === 1) return parts[0]!
  const names = parts.map(({ shape }) => String(shape[axis]))
  return callJoinParts([sizes, ...parts], { axis, names, total })
}
