import {
  add,
  Graph,
  type GraphModel,
  gemm,
  gradients,
  renderOnnx,
  rmsNorm,
  takeRows,
  type Value,
} from '../../../../nn/graph/index.ts'
import {
  type AdapterConfig,
  adapterShapes,
  adapterTargets,
  type DecoderConfig,
  headParameter,
  headRowsName,
  type LayerAdapters,
  type LayerKind,
  layerKind,
  layerParameter,
  type PackShape,
  packedLayer,
  packInputs,
  parameterShapes,
} from '../../../../nn/models/index.ts'
import { crossEntropyTerm, distillTerm, type HeadWeights, type Term } from './objective-terms.ts'

/** What graphs are made for: a model, all of it trained, or an adapter beside it. */
export interface GraphSubject {
  readonly config: DecoderConfig
  readonly adapter?: AdapterConfig
}

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
  subject: GraphSubject,
  shape: PackShape,
  choice: TermChoice,
  temperature: number,
  accumulates: boolean,
): GraphModel {
  const { config } = subject
  const graph = new Graph()
  const weights = createWeights(graph, subject)
  const pack = packInputs(graph, config, shape, true)
  const x = graph.input('x', ['tokens', config.hiddenSize])
  let hidden = x
  for (let layer = 0; layer < config.layers; layer++) {
    const ofLayer = (name: string) => weights.get(layerParameter(layer, name))
    const adapters = layerAdapters(graph, subject, `${layer}:`)
    hidden = packedLayer(config, pack, hidden, ofLayer, layerKind(config, layer), adapters)
  }
  const at = (name: string, size: string) => takeRows(hidden, graph.input(name, [size], 'int64'))
  const terms = createTerms(graph, subject, choice, temperature, weights, {
    labelled: () => at('labelledAt', 'labelled'),
    paired: () => at('pairedAt', 'paired'),
  })
  return renderGradients('whole-model', graph, terms, { x }, weights, accumulates)
}

/** Layers and packs of one key have the same graphs. */
export function layerKey(
  { rows, blocks, tokenBlocks }: PackShape,
  { wanted, window }: LayerKind,
): string {
  return `${wanted}:${window}:${rows}:${blocks}:${tokenBlocks}`
}

/**
 * One layer forward: `x` → `y`, of all tokens or of the chosen ones. With `keeps`, also what its
 * gradient needs and costs matrix products to make again: `kept:<name>`.
 */
export function layerGraph(
  subject: GraphSubject,
  shape: PackShape,
  kind: LayerKind,
  keeps: boolean,
): GraphModel {
  const { graph, y, kept } = buildLayer(subject, shape, kind)
  return renderOnnx('layer', graph, { y, ...(keeps ? kept : {}) })
}

/**
 * The gradient of one layer: `x`, `d:y` and what `layerGraph` kept → `d:x` and `sum:<weight>`. Norms,
 * attention weights and the gated unit are made again.
 */
export function layerGradientGraph(
  subject: GraphSubject,
  shape: PackShape,
  kind: LayerKind,
  accumulates: boolean,
): GraphModel {
  const { graph, x, y, weights, kept } = buildLayer(subject, shape, kind)
  const seed = { output: y, cotangent: graph.input('d:y', y.shape) }
  return renderGradients('layer-gradient', graph, [seed], { x }, weights, accumulates, kept)
}

/** The gradient of the final norm: `x` and `d:y` → `d:x` and `sum:model.norm.weight`. */
export function normGradientGraph(subject: GraphSubject, accumulates: boolean): GraphModel {
  const graph = new Graph()
  const weights = createWeights(graph, subject)
  const x = graph.input('x', ['rows', subject.config.hiddenSize])
  const y = rmsNorm(x, weights.get('model.norm.weight'), subject.config.normEpsilon)
  const seed = { output: y, cotangent: graph.input('d:y', y.shape) }
  return renderGradients('norm-gradient', graph, [seed], { x }, weights, accumulates)
}

/** The objective on hidden states after the last layer: `x` → terms, `d:x`, `sum:<weight>`. */
export function headGraph(
  subject: GraphSubject,
  part: 'labelled' | 'distilled',
  temperature: number,
  accumulates: boolean,
): GraphModel {
  const { graph, x, terms, weights } = buildHead(subject, part, temperature)
  return renderGradients(`${part}-head`, graph, terms, { x }, weights, accumulates)
}

/** The terms of `headGraph` without gradients. */
export function headLossGraph(
  subject: GraphSubject,
  part: 'labelled' | 'distilled',
  temperature: number,
): GraphModel {
  const { graph, terms } = buildHead(subject, part, temperature)
  const outputs: Record<string, Value> = Object.assign({}, ...terms.map((term) => term.outputs))
  return renderOnnx(`${part}-loss`, graph, outputs)
}

function buildHead(subject: GraphSubject, part: 'labelled' | 'distilled', temperature: number) {
  const { config } = subject
  const graph = new Graph()
  const weights = createWeights(graph, subject)
  const x = graph.input('x', [part === 'labelled' ? 'labelled' : 'paired', config.hiddenSize])
  const choice = { labelled: part === 'labelled', distilled: part === 'distilled' }
  const terms = createTerms(graph, subject, choice, temperature, weights, {
    labelled: () => x,
    paired: () => x,
  })
  return { graph, x, terms, weights }
}

/** Weights of a graph, fed under their names when they are first used. */
interface Weights {
  get(name: string): Value
  /** Those that have a gradient. */
  readonly trained: ReadonlyMap<string, Value>
  /** Gradients that are made apart from the others, by the names of what is trained. */
  readonly apart: Map<string, Value>
}

function createWeights(graph: Graph, { config, adapter }: GraphSubject, layer?: number): Weights {
  const own = parameterShapes(config)
  const added = adapter ? adapterShapes(config, adapter) : new Map<string, number[]>()
  const trained = new Map<string, Value>()
  const used = new Map<string, Value>()
  return {
    trained,
    apart: new Map(),
    get(name) {
      const known = used.get(name)
      if (known) return known
      const full = layer === undefined ? name : layerParameter(layer, name)
      const value = graph.input(name, (added.get(full) ?? own.get(full))!)
      used.set(name, value)
      if (!adapter || added.has(full)) trained.set(name, value)
      return value
    },
  }
}

/** The adapter of one layer; `drop:<prefix><place>` are bool feeds, true where A sees an element. */
function layerAdapters(
  graph: Graph,
  { adapter }: GraphSubject,
  prefix: string,
): LayerAdapters | undefined {
  if (!adapter) return undefined
  const { rank, alpha, dropout, targets } = adapter
  return {
    scale: alpha / rank,
    targets: new Set(targets.map((target) => adapterTargets[target])),
    dropout,
    seen: (place, shape) =>
      dropout === 0 ? undefined : graph.input(`drop:${prefix}${place}`, shape, 'bool'),
  }
}

/** What a layer keeps for its gradient bears this before its name. */
export const keptPrefix = 'kept:'

function buildLayer(subject: GraphSubject, shape: PackShape, kind: LayerKind) {
  const { config } = subject
  const graph = new Graph()
  const weights = createWeights(graph, subject, 0)
  const adapters = layerAdapters(graph, subject, '')
  const pack = packInputs(graph, config, shape, kind.wanted === 'chosen')
  const x = graph.input('x', ['tokens', config.hiddenSize])
  const kept: Record<string, Value> = {}
  const keep = (name: string, value: Value) => {
    kept[keptPrefix + name] = value
    return value
  }
  const y = packedLayer(config, pack, x, weights.get, kind, adapters, keep)
  return { graph, x, weights, y, kept }
}

function createTerms(
  graph: Graph,
  { config, adapter }: GraphSubject,
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
  if (adapter && adapter.tokenIds.length > 0) {
    const parts = terms.map((term) => tokenRowsGradient(graph, term, adapter.tokenIds))
    weights.apart.set(headRowsName(config), parts.reduce(add))
  }
  return terms.map((term) => ({ ...term, output: term.logits }))
}

/** Gradient of the rows of some tokens of a frozen output matrix, [tokens, hidden]. */
function tokenRowsGradient(
  graph: Graph,
  { normal, cotangent }: Term,
  ids: readonly number[],
): Value {
  const vector = (value: number) => graph.constant([value], [1], 'int64')
  const bounds = [vector(ids[0]!), vector(ids.at(-1)! + 1), vector(1)]
  const shape = [cotangent.shape[0]!, ids.length]
  const [columns] = graph.emit('Slice', [cotangent, ...bounds], [{ type: 'float32', shape }])
  return gemm(columns!, normal, { transposeA: true })
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
  accumulates: boolean,
  given: Readonly<Record<string, Value>> = {},
): GraphModel {
  const wanted = [...Object.values(inputs), ...weights.trained.values()]
  const results = gradients(seeds, wanted)
  const outputs: Record<string, Value> = Object.assign({}, ...seeds.map((seed) => seed.outputs))
  Object.keys(inputs).forEach((input, index) => {
    outputs[`d:${input}`] = results[index]!
  })
  const first = Object.keys(inputs).length
  const sums = [...weights.trained.keys()].map((weight, index): [string, Value] => [
    weight,
    results[first + index]!,
  ])
  for (const [weight, gradient] of [...sums, ...weights.apart]) {
    outputs[`sum:${weight}`] = accumulates
      ? add(graph.input(`sum:${weight}`, gradient.shape), gradient)
      : gradient
  }
  return renderOnnx(name, graph, outputs, given)
}
