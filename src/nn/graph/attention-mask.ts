import { type Operation, operationFunction } from './operation.ts'
import type { Value } from './value.ts'

interface CausalMaskAttributes {
  /** Neighbouring rows of scores that belong to one query (grouped-query attention). */
  readonly rowsPerQuery: number
}

/**
 * Hides later keys: scores [..., queries · rowsPerQuery, keys], offset int64 [] = position of the
 * first query among the keys. A score whose key stands after its query becomes −∞.
 */
const causalMaskOperation: Operation<CausalMaskAttributes> = {
  name: 'CausalMask',
  emit: ([scores, offset], { rowsPerQuery }) => {
    const graph = scores!.graph
    const rank = scores!.shape.length
    const int64 = (size: string | number) => ({ type: 'int64', shape: [size] }) as const
    const scalar = (value: number) => graph.constant([value], [], 'int64')
    const axis = (value: number) => graph.constant([value], [1], 'int64')
    const one = (type: string, inputs: Value[], shape: readonly (string | number)[]) =>
      graph.emit(type, inputs, [{ type: 'int64', shape }])[0] as Value

    const shape = one('Shape', [scores!], [rank])
    const queries = one('Gather', [shape, scalar(rank - 2)], [])
    const keys = one('Gather', [shape, scalar(rank - 1)], [])
    const [steps] = graph.emit('Range', [scalar(0), queries, scalar(1)], [int64('queries')])
    const [columns] = graph.emit('Range', [scalar(0), keys, scalar(1)], [int64('keys')])
    const query = one('Div', [steps!, scalar(rowsPerQuery)], ['queries'])
    const rows = one('Unsqueeze', [one('Add', [query, offset!], ['queries']), axis(1)], ['q', 1])
    const [visible] = graph.emit(
      'LessOrEqual',
      [columns!, rows],
      [{ type: 'bool', shape: ['q', 'k'] }],
    )
    const hidden = graph.scalar(Number.NEGATIVE_INFINITY)
    return graph.emit(
      'Where',
      [visible!, scores!, hidden],
      [{ type: 'float32', shape: scores!.shape }],
    )
  },
  // A masked score has probability 0, so the softmax after it already gives it gradient 0.
  gradient: ({ cotangents: [dy] }) => [dy!, null],
}
const callCausalMask = operationFunction(causalMaskOperation)
export const causalMask = (scores: Value, offset: Value, rowsPerQuery = 1): Value =>
  callCausalMask([scores, offset], { rowsPerQuery })
