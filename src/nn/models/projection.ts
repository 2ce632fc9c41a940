import { linear, multiply, type Shape, scale, takeRows, type Value } from '../graph/index.ts'

/** Weights of one layer under the names that they have within it. */
export type LayerWeights = (name: string) => Value

/** Values of a layer of which an adapter may see a part only, while training. */
export type DropPlace = 'attentionInput' | 'mix' | 'feedForwardInput' | 'unit'

/** What an adapter adds to the projections of a layer. */
export interface LayerAdapters {
  /** alpha / rank */
  readonly scale: number
  /** Such as `self_attn.q_proj`; weights are `<target>.lora_A.weight` and `<target>.lora_B.weight`. */
  readonly targets: ReadonlySet<string>
  /** Share of elements that A does not see. */
  readonly dropout: number
  /** The elements that A sees of a value of some shape, bool; undefined: all of them. */
  seen(place: DropPlace, shape: Shape): Value | undefined
}

/** What a projection reads: the value, and what an adapter sees of it. */
export interface ProjectionInput {
  readonly x: Value
  readonly seen: Value
}

/** The same rows of a value and of what an adapter sees of it. */
export function takeInputRows({ x, seen }: ProjectionInput, index: Value): ProjectionInput {
  const taken = takeRows(x, index)
  return { x: taken, seen: seen === x ? taken : takeRows(seen, index) }
}

export type LayerProjections = ReturnType<typeof createProjection>

/** The projections of a layer, each with its adapter where it has one. */
export function createProjection(weights: LayerWeights, adapters: LayerAdapters | undefined) {
  return {
    /** What `from` takes for values of a shape at a place. */
    seen: (place: DropPlace, shape: Shape) => adapters?.seen(place, shape),
    from: (x: Value, seen: Value | undefined): ProjectionInput => ({
      x,
      seen: seen ? drop(x, seen, adapters!.dropout) : x,
    }),
    /** @param bias [out], or [rows, out] for a residual stream */
    project(name: string, { x, seen }: ProjectionInput, bias?: Value): Value {
      const y = linear(x, weights(`${name}.weight`), bias)
      if (!adapters?.targets.has(name)) return y
      const low = linear(seen, weights(`${name}.lora_A.weight`))
      return linear(scale(low, adapters.scale), weights(`${name}.lora_B.weight`), y)
    },
  }
}

function drop(x: Value, seen: Value, share: number): Value {
  const { graph, shape } = x
  const factors = [graph.scalar(1 / (1 - share)), graph.scalar(0)]
  return multiply(x, graph.emit('Where', [seen, ...factors], [{ type: 'float32', shape }])[0]!)
}
