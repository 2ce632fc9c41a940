import {
  add,
  type ElementType,
  Graph,
  type GraphModel,
  gradients,
  renderOnnx,
  type Shape,
  type Value,
} from '../graph/index.ts'

/** A part of a model that is one graph forward and one graph backward. */
export interface PieceDefinition {
  readonly name: string
  /** Differentiated inputs. */
  readonly inputs: Readonly<Record<string, Shape>>
  /** Inputs without a gradient. */
  readonly constants?: Readonly<Record<string, { shape: Shape; type?: ElementType }>>
  /** Parameters, under the names that they have within the piece. */
  readonly weights: Readonly<Record<string, Shape>>
  build(values: Readonly<Record<string, Value>>): PieceValues
}

export interface PieceValues {
  readonly outputs: Readonly<Record<string, Value>>
  /** Intermediate values that are worth keeping for the backward pass, if memory allows. */
  readonly kept?: Readonly<Record<string, Value>>
}

export interface Piece {
  readonly weights: readonly string[]
  /** Feeds: inputs, constants, weights. Outputs: those of `build`. */
  readonly forward: () => GraphModel
  /** As `forward`, with the kept values as further outputs. */
  readonly forwardKeeping: () => GraphModel
  /**
   * Recomputes the piece and differentiates it. Feeds: those of `forward`, `d:<output>` for each
   * output and `sum:<weight>` for each weight. Outputs: `d:<input>`, and `sum:<weight>` with this
   * call's gradient added.
   */
  readonly backward: () => GraphModel
  /** As `backward`, fed with the kept values instead of recomputing them. */
  readonly backwardKept: () => GraphModel
}

/** Makes the two graphs of a part of a model. */
export function definePiece(definition: PieceDefinition): Piece {
  const start = () => {
    const graph = new Graph()
    const values: Record<string, Value> = {}
    const { inputs, constants = {}, weights } = definition
    for (const [name, shape] of Object.entries({ ...inputs, ...weights })) {
      values[name] = graph.input(name, shape)
    }
    for (const [name, { shape, type }] of Object.entries(constants)) {
      values[name] = graph.input(name, shape, type)
    }
    return { graph, values, ...definition.build(values) }
  }
  const renderForward = (keeping: boolean) => {
    const { graph, outputs, kept } = start()
    return renderOnnx(definition.name, graph, { ...outputs, ...(keeping ? kept : {}) })
  }
  const renderBackward = (fromKept: boolean) => {
    const { graph, values, outputs, kept } = start()
    const seeds = Object.entries(outputs).map(([name, output]) => ({
      output,
      cotangent: graph.input(`d:${name}`, output.shape),
    }))
    const wanted = [...Object.keys(definition.inputs), ...Object.keys(definition.weights)]
    const results = gradients(
      seeds,
      wanted.map((name) => values[name]!),
    )
    const named: Record<string, Value> = {}
    wanted.forEach((name, index) => {
      const result = results[index]!
      if (name in definition.inputs) named[`d:${name}`] = result
      else named[`sum:${name}`] = add(graph.input(`sum:${name}`, result.shape), result)
    })
    return renderOnnx(`${definition.name}-backward`, graph, named, fromKept ? kept : {})
  }
  return {
    weights: Object.keys(definition.weights),
    forward: () => renderForward(false),
    forwardKeeping: () => renderForward(true),
    backward: () => renderBackward(false),
    backwardKept: () => renderBackward(true),
  }
}
