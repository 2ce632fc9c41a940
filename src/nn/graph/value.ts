import type { Graph } from './graph.ts'

export type ElementType = 'float32' | 'int64' | 'bool'

/** A size: a number, or the name of one that is known only when the graph runs. */
export type Dimension = number | string
export type Shape = readonly Dimension[]

/** A symbolic tensor: what a graph input holds or an operation makes. */
export interface Value {
  readonly graph: Graph
  readonly name: string
  readonly type: ElementType
  readonly shape: Shape
}
