import {
  type ElementType,
  Graph,
  type GraphModel,
  renderOnnx,
  type Shape,
  type Value,
} from '../graph/index.ts'

/** A part of a model that is one graph. */
export interface PieceDefinition {
  readonly name: string
  readonly inputs: Readonly<Record<string, Shape>>
  /** Inputs that are not activations. */
  readonly constants?: Readonly<Record<string, { shape: Shape; type?: ElementType }>>
  /** Parameters, under the names that they have within the piece. */
  readonly weights: Readonly<Record<string, Shape>>
  /** The outputs. */
  build(values: Readonly<Record<string, Value>>): Readonly<Record<string, Value>>
}

export interface Piece {
  readonly weights: readonly string[]
  /** Feeds: inputs, constants, weights. Outputs: those of `build`. */
  render(): GraphModel
}

/** Makes the graph of a part of a model. */
export function definePiece(definition: PieceDefinition): Piece {
  const { name, inputs, constants = {}, weights, build } = definition
  return {
    weights: Object.keys(weights),
    render() {
      const graph = new Graph()
      const values: Record<string, Value> = {}
      for (const [input, shape] of Object.entries({ ...inputs, ...weights })) {
        values[input] = graph.input(input, shape)
      }
      for (const [constant, { shape, type }] of Object.entries(constants)) {
        values[constant] = graph.input(constant, shape, type)
      }
      return renderOnnx(name, graph, build(values))
    },
  }
}
