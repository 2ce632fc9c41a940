import { type Operation, operationFunction } from './operation.ts'
import { reshape } from './shape-operations.ts'
import type { Dimension, Value } from './value.ts'

/** x[i, index[i, 0]] as [rows, 1], for x [rows, columns] and index int64 [rows, 1]. */
const selectColumnOperation: Operation<undefined> = {
  name: 'GatherElements',
  emit: ([x, index]) =>
    x!.graph.emit(
      'GatherElements',
      [x!, index!],
      [{ type: 'float32', shape: [x!.shape[0] as Dimension, 1] }],
      { attributes: { axis: 1 } },
    ),
  gradient: ({ inputs: [x, index], cotangents: [dy] }) => {
    const graph = x!.graph
    const [zeros] = graph.emit('Mul', [x!, graph.scalar(0)], [{ type: 'float32', shape: x!.shape }])
    return [addToColumn(zeros!, index!, dy!), null]
  },
}
const callSelectColumn = operationFunction(selectColumnOperation)
export const selectColumn = (x: Value, index: Value): Value =>
  callSelectColumn([x, index], undefined)

/** x with update[i, 0] added at [i, index[i, 0]]. */
const addToColumnOperation: Operation<undefined> = {
  name: 'ScatterElements',
  emit: ([x, index, update]) =>
    x!.graph.emit(
      'ScatterElements',
      [x!, index!, update!],
      [{ type: 'float32', shape: x!.shape }],
      { attributes: { axis: 1, reduction: 'add' } },
    ),
  gradient: ({ inputs: [, index], cotangents: [dy] }) => [dy!, null, selectColumn(dy!, index!)],
}
const callAddToColumn = operationFunction(addToColumnOperation)
export const addToColumn = (x: Value, index: Value, update: Value): Value =>
  callAddToColumn([x, index, update], undefined)

/**
 * Rows index[i] of x [rows, …]. No row may be taken twice.
 *
 * @param index int64 [taken]
 */
const takeRowsOperation: Operation<undefined> = {
  name: 'Gather',
  emit: ([x, index]) =>
    x!.graph.emit(
      'Gather',
      [x!, index!],
      [{ type: x!.type, shape: [index!.shape[0] as Dimension, ...x!.shape.slice(1)] }],
      { attributes: { axis: 0 } },
    ),
  gradient: ({ inputs: [x, index], cotangents: [dy] }) => {
    const graph = x!.graph
    const [shape] = graph.emit('Shape', [x!], [{ type: 'int64', shape: [x!.shape.length] }])
    const [zeros] = graph.emit('ConstantOfShape', [shape!], [{ type: 'float32', shape: x!.shape }])
    const column = reshape(index!, [index!.shape[0] as Dimension, 1])
    const signature = { type: 'float32', shape: x!.shape } as const
    return [graph.emit('ScatterND', [zeros!, column, dy!], [signature])[0]!, null]
  },
}
const callTakeRows = operationFunction(takeRowsOperation)
export const takeRows = (x: Value, index: Value): Value => callTakeRows([x, index], undefined)
