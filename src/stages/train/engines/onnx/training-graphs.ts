import {
  add,
  Graph,
  type GraphModel,
  gradients,
  renderOnnx,
  takeRows,
  type Value,
} from '../../../../nn/graph/index.ts'
import {
  type DecoderConfig,
  headParameter,
  type LayerKind,
  layerKind,
  layerParameter,
  type PackShape,
  packedLayer,
  packInputs,
  parameterShapes,
} from '../../../../nn/models/index.ts'
import { crossEntropyTerm, distillTerm, type HeadWeights, type Term } from './objective-terms.ts'

/** Which parts of the objective a graph computes. */
export interface TermChoice {
  readonly labelled: boolean
  readonly distilled: boolean
}

/**
 * The whole model in one graph: hidden states after the embedding [tokens, hidden] → the terms of
 * the objective, `d:x`, and `sum:<parameter>` with this pack's gradient added. What the layers make
 * stays inside the run.
 *
 * Feeds beside those of `packInputs`, of the terms and the weights: `x`; `labelledAt` and `pairedAt`
 * int64, rows of the terms' tokens among the chosen ones.
 */
export function wholeModelGraph(
  config: DecoderConfig,
  shape: PackShape,
  choice: TermChoice,
  temperature: number,
): GraphModel {
  const graph = new Graph()
  const weights = createWeights(graph, config)
  const pack = packInputs(graph, config, shape, true)
  const x = graph.input('x', ['tokens', config.hiddenSize])
  let hidden = x
  for (let layer = 0; layer < config.layers; layer++) {
    const ofLayer = (name: string) => weights.get(layerParameter(layer, name))
    hidden = packedLayer(config, pack, hidden, ofLayer, layerKind(config, layer))
  }
  const at = (name: string, size: string) => takeRows(hidden, graph.input(name, [size], 'int64'))
  const terms = createTerms(graph, config, choice, temperature, weights, {
    labelled: () => at('labelledAt', 'labelled'),
    paired: () => at('pairedAt', 'paired'),
  })
  return renderGradients('whole-model', graph, terms, { x }, weights)
}

/** One layer forward: `x` → `y`, of all tokens or of the chosen ones. */
export function layerGraph(config: DecoderConfig, shape: PackShape, kind: LayerKind): GraphModel {
  const { graph, y } = buildLayer(config, shape, kind)
  return renderOnnx('layer', graph, { y })
}

/** One layer computed again and differentiated: `x`, `d:y` → `d:x` and `sum:<weight>`. */
export function layerGradientGraph(
  config: DecoderConfig,
  shape: PackShape,
  kind: LayerKind,
): GraphModel {
  const { graph, x, y, weights } = buildLayer(config, shape, kind)
  const seed = { output: y, cotangent: graph.input('d:y', y.shape) }
  return renderGradients('layer-gradient', graph, [seed], { x }, weights)
}

/** The objective on hidden states after the last layer: `x` → terms, `d:x`, `sum:<weight>`. */
export function headGraph(
  config: DecoderConfig,
  part: 'labelled' | 'distilled',
  temperature: number,
): GraphModel {
  const graph = new Graph()
  const weights = createWeights(graph, config)
  const x = graph.input('x', [part === 'labelled' ? 'labelled' : 'paired', config.hiddenSize])
  const choice = { labelled: part === 'labelled', distilled: part === 'distilled' }
  const terms = createTerms(graph, config, choice, temperature, weights, {
    labelled: () => x,
    paired: () => x,
  })
  return renderGradients(`${part}-head`, graph, terms, { x }, weights)
}

/** Weights of a graph, fed under their names when they are first used. */
interface Weights {
  get(name: string): Value
  readonly used: ReadonlyMap<string, Value>
}

function createWeights(graph: Graph, config: DecoderConfig, layer?: number): Weights {
  const shapes = parameterShapes(config)
  const used = new Map<string, Value>()
  return {
    used,
    get(name) {
      const known = used.get(name)
      if (known) return known
      const shape = shapes.get(layer === undefined ? name : layerParameter(layer, name))
      const value = graph.input(name, shape!)
      used.set(name, value)
      return value
    },
  }
}

function buildLayer(config: DecoderConfig, shape: PackShape, kind: LayerKind) {
  const graph = new Graph()
  const weights = createWeights(graph, config, 0)
  const pack = packInputs(graph, config, shape, kind.wanted === 'chosen')
  const x = graph.input('x', ['tokens', config.hiddenSize])
  return { graph, x, weights, y: packedLayer(config, pack, x, weights.get, kind) }
}

function createTerms(
  graph: Graph,
  config: DecoderConfig,
  choice: TermChoice,
  temperature: number,
  weights: Weights,
  hidden: { labelled: () => Value; paired: () => Value },
): (Term & { output: Value })[] {
  const head: HeadWeights = {
    norm: weights.get('model.norm.weight'),
    head: weights.get(headParameter(config)),
  }
  const terms: Term[] = []
  if (choice.labelled) terms.push(crossEntropyTerm(graph, config, hidden.labelled(), head))
  if (choice.distilled) {
    terms.push(distillTerm(graph, config, hidden.paired(), head, temperature))
  }
  return terms.map((term) => ({ ...term, output: term.logits }))
}

interface Seed {
  readonly output: Value
  readonly cotangent: Value
  readonly outputs?: Readonly<Record<string, Value>>
}

function renderGradients(
  name: string,
  graph: Graph,
  seeds: readonly Seed[],
  inputs: Readonly<Record<string, Value>>,
  weights: Weights,
): GraphModel {
  const wanted = [...Object.values(inputs), ...weights.used.values()]
  const results = gradients(seeds, wanted)
  const outputs: Record<string, Value> = Object.assign({}, ...seeds.map((seed) => seed.outputs))
  Object.keys(inputs).forEach((input, index) => {
    outputs[`d:${input}`] = results[index]!
  })
  const first = Object.keys(inputs).length
  ;[...weights.used].forEach(([weight, { shape }], index) => {
    const sum = graph.input(`sum:${weight}`, shape)
    outputs[`sum:${weight}`] = add(sum, results[first + index]!)
  })
  return renderOnnx(name, graph, outputs)
}
