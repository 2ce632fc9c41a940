import type { Graph } from './graph.ts'

export type ElementType = 'float32' | 'int64' | 'bool'

/**
 * A size: a number, or the name of one that is known only when the graph runs. A name may be made of
 * others: `tokens·64/4` is the size `tokens` times 64, divided by 4.
 */
export type Dimension = number | string
export type Shape = readonly Dimension[]

/** A symbolic tensor: what a graph input holds or an operation makes. */
export interface Value {
  readonly graph: Graph
  readonly name: string
  readonly type: ElementType
  readonly shape: Shape
}

/** What a size is where those of some names are known; undefined where they do not tell. */
export function sizeOf(size: Dimension, known: ReadonlyMap<string, number>): number | undefined {
  if (typeof size === 'number') return size
  if (known.has(size)) return known.get(size)
  const [first, ...factors] = size.split(/(?=[·/])/)
  let result = known.get(first!) ?? Number(first)
  for (const factor of factors) {
    const value = known.get(factor.slice(1)) ?? Number(factor.slice(1))
    result = factor.startsWith('/') ? result / value : result * value
  }
  return Number.isInteger(result) ? result : undefined
}
