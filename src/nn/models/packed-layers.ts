import {
  add,
  attention,
  type Graph,
  gatedUnit,
  inBlocks,
  joinParts,
  reshape,
  rmsNorm,
  rotary,
  scale,
  splitParts,
  subtract,
  takeRows,
  transpose,
  type Value,
} from '../graph/index.ts'
import type { DecoderConfig } from './decoder-config.ts'
import { normaliseHeads } from './normalise-heads.ts'
import {
  createProjection,
  type LayerAdapters,
  type LayerProjections,
  type LayerWeights,
  type ProjectionInput,
  takeInputRows,
} from './projection.ts'

/** How a graph cuts what it runs together. */
export interface PackShape {
  readonly rows: number
  /** Into which the queries of each row are cut. */
  readonly blocks: number
  /** Of equal size, one after the other through the feed-forward part; 1 leaves it whole. */
  readonly tokenBlocks: number
}

/**
 * What decoder layers read beside hidden states and weights. Every block of queries sees the keys of
 * its row up to its own end, so scores of later keys are never computed.
 *
 * Feeds: `positions` int64 [1, tokens]; `cosine` and `sine` [positions, headSize / 2];
 * `blockSizes` int64 [rows · blocks], the tokens of each block; `order` [tokens], the position of
 * each token. With chosen tokens: `chosen` int64 [chosen], ascending, at least one a block, as many
 * as blocks of tokens or a multiple, and `chosenSizes` int64 [rows · blocks].
 */
export interface PackValues {
  readonly positions: Value
  readonly cosine: Value
  readonly sine: Value
  readonly keys: KeyBlocks
  readonly queries: QueryBlocks
  readonly tokenBlocks: number
  /** The tokens whose hidden states are wanted after the last layer. */
  readonly chosen?: QueryBlocks & { readonly index: Value; readonly positions: Value }
}

interface KeyBlocks extends Pick<PackShape, 'rows' | 'blocks'> {
  readonly sizes: Value
  readonly names: readonly string[]
  /** Sizes of the blocks of one row up to each block, int64 [block + 1]. */
  readonly sizesUpTo: readonly (readonly Value[])[]
}

interface QueryBlocks {
  /** Rows of scores in each block, int64 [rows · blocks]; `heads / keyValueHeads` a query. */
  readonly sizes: Value
  readonly names: readonly string[]
  readonly rowsName: string
  readonly tokensName: string
  /**
   * [block tokens, 1, keys] for each block: `hidden` of `attention`.
   *
   * @param window positions that a query sees, its own included
   */
  masks(window: number): readonly Value[]
}

export function packInputs(
  graph: Graph,
  config: DecoderConfig,
  { rows, blocks, tokenBlocks }: PackShape,
  withChosen: boolean,
): PackValues {
  const half = config.headSize / 2
  const count = rows * blocks
  const positions = graph.input('positions', [1, 'tokens'], 'int64')
  const order = graph.input('order', ['tokens'])
  const sizes = graph.input('blockSizes', [count], 'int64')
  const names = Array.from({ length: count }, (_, index) => `keys${index}`)
  const sizesUpTo = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: blocks }, (__, block) =>
      sliceSizes(sizes, row * blocks, row * blocks + block + 1),
    ),
  )
  const keys = { rows, blocks, sizes, names, sizesUpTo }
  const group = config.heads / config.keyValueHeads
  const keyOrders = splitParts(order, 0, sizes, names)
  const values = {
    positions,
    cosine: graph.input('cosine', ['positions', half]),
    sine: graph.input('sine', ['positions', half]),
    keys,
    tokenBlocks,
    queries: queryBlocks(keys, keyOrders, group, { order, sizes, tokensName: 'tokens' }),
  }
  if (!withChosen) return values
  const index = graph.input('chosen', ['chosen'], 'int64')
  const chosen = {
    order: takeRows(order, index),
    sizes: graph.input('chosenSizes', [count], 'int64'),
    tokensName: 'chosen',
  }
  const positionColumn = reshape(positions, ['tokens', 1])
  return {
    ...values,
    chosen: {
      ...queryBlocks(keys, keyOrders, group, chosen),
      index,
      positions: reshape(takeRows(positionColumn, index), [1, 'chosen']),
    },
  }
}

/** What may differ from layer to layer. */
export interface LayerKind {
  /** The last layer may leave out tokens whose states are not wanted afterwards. */
  readonly wanted: 'all' | 'chosen'
  /** Positions that a query sees, its own included. */
  readonly window: number
}

/** The kind of a layer of a model whose last layer is asked for chosen tokens. */
export function layerKind({ layers, windows }: DecoderConfig, layer: number): LayerKind {
  return { wanted: layer === layers - 1 ? 'chosen' : 'all', window: windows[layer]! }
}

/** Sees a value that a layer can keep for its gradient, and gives it back. */
type Keep = (name: string, value: Value) => Value

/**
 * One decoder layer: x [tokens, hidden] → [tokens, hidden], or [chosen, hidden].
 *
 * @param keep sees the results of products of matrices, from which the rest is cheap to make again
 */
export function packedLayer(
  config: DecoderConfig,
  pack: PackValues,
  x: Value,
  weights: LayerWeights,
  { wanted, window }: LayerKind,
  adapters?: LayerAdapters,
  keep: Keep = (_, value) => value,
): Value {
  const chosen = wanted === 'chosen' ? pack.chosen! : undefined
  const weight = (name: string) => weights(`${name}.weight`)
  const apply = createProjection(weights, adapters)
  const normal = apply.from(
    rmsNorm(x, weight('input_layernorm'), config.normEpsilon),
    apply.seen('attentionInput', x.shape),
  )
  const project = (name: string, from: ProjectionInput) => {
    const bias = config.attentionBias ? weights(`self_attn.${name}_proj.bias`) : undefined
    return apply.project(`self_attn.${name}_proj`, from, bias)
  }
  const rotate = (name: string, from: ProjectionInput, positions: Value) => {
    const value = project(name, from)
    const turn = (x: Value) => rotary(x, positions, pack.cosine, pack.sine)
    if (!config.queryKeyNorms) return keep(name, turn(value))
    return turn(normaliseHeads(config, keep(name, value), weight(`self_attn.${name}_norm`)))
  }
  const asked = chosen ? takeInputRows(normal, chosen.index) : normal
  const queries = rotate('q', asked, chosen?.positions ?? pack.positions)
  const keys = rotate('k', normal, pack.positions)
  const projected = { queries, keys, values: keep('v', project('v', normal)) }
  const mix = attendBlocks(config, pack.keys, chosen ?? pack.queries, projected, window, keep)
  const residual = chosen ? takeRows(x, chosen.index) : x
  const attended = keep(
    'attended',
    apply.project('self_attn.o_proj', apply.from(mix, apply.seen('mix', mix.shape)), residual),
  )
  return feedForward(config, pack.tokenBlocks, attended, weight, apply, keep)
}

/** attended [rows, hidden] → [rows, hidden]. */
function feedForward(
  config: DecoderConfig,
  blocks: number,
  attended: Value,
  weight: LayerWeights,
  apply: LayerProjections,
  keep: Keep,
): Value {
  const [size] = attended.shape
  const seen = [
    apply.seen('feedForwardInput', attended.shape),
    apply.seen('unit', [size!, config.intermediateSize]),
  ].filter((value) => value !== undefined)
  const { output, kept } = inBlocks([attended, ...seen], blocks, ([x, seenInput, seenUnit]) => {
    const normal = rmsNorm(x!, weight('post_attention_layernorm'), config.normEpsilon)
    const input = apply.from(normal, seenInput)
    const gate = apply.project('mlp.gate_proj', input)
    const up = apply.project('mlp.up_proj', input)
    const unit = gatedUnit(gate, up, unitParts(config, blocks))
    return {
      output: apply.project('mlp.down_proj', apply.from(unit, seenUnit), x),
      kept: [gate, up],
    }
  })
  keep('gate', kept[0]!)
  keep('up', kept[1]!)
  return output
}

/** Whether the feed-forward part is cut into blocks and parts: narrow ones stay in the cache whole. */
export const isWide = ({ intermediateSize }: DecoderConfig): boolean => intermediateSize >= 2048

/** Parts of the gated unit of a wide layer: of a sample of 1,000 tokens, 300 KiB each. */
function unitParts(config: DecoderConfig, tokenBlocks: number): number {
  if (!isWide(config)) return 1
  const counts = [64, 32, 16, 8, 4, 2].filter((parts) => parts * tokenBlocks <= 64)
  return counts.find((parts) => config.intermediateSize % parts === 0) ?? 1
}

interface Projected {
  readonly queries: Value
  readonly keys: Value
  readonly values: Value
}

/** Causal attention within each row, block by block of its queries. */
function attendBlocks(
  { heads, keyValueHeads, headSize }: DecoderConfig,
  keyBlocks: KeyBlocks,
  queryBlocks: QueryBlocks,
  { queries, keys, values }: Projected,
  window: number,
  keep: Keep,
): Value {
  const { tokensName, rowsName } = queryBlocks
  const masks = queryBlocks.masks(window)
  const group = heads / keyValueHeads
  // [tokens, heads · size] → [keyValueHeads, tokens · group, size]
  const grouped = reshape(queries, [tokensName, keyValueHeads, group, headSize])
  const byHead = reshape(swapFirst(grouped, keyValueHeads), [keyValueHeads, rowsName, headSize])
  const parts = splitParts(byHead, 1, queryBlocks.sizes, queryBlocks.names)
  const splitKeys = (value: Value) => {
    const split = reshape(value, ['tokens', keyValueHeads, headSize])
    return splitParts(swapFirst(split, keyValueHeads), 1, keyBlocks.sizes, keyBlocks.names)
  }
  const keyParts = splitKeys(keys)
  const valueParts = splitKeys(values)
  const mixed = parts.map((part, index) => {
    const row = Math.floor(index / keyBlocks.blocks)
    const seen = (from: readonly Value[]) => joinBlocks(keyBlocks, from, row, index)
    const mix = attention([part, seen(keyParts), seen(valueParts)], masks[index]!, {
      group,
      scale: headSize ** -0.5,
    })
    return keep(`mix${index}`, mix)
  })
  const joined = joinParts(mixed, 1, queryBlocks.sizes, rowsName)
  const split = swapFirst(reshape(joined, [keyValueHeads, tokensName, group, headSize]), tokensName)
  return reshape(split, [tokensName, heads * headSize])
}

/** The parts of a row's blocks up to block `index`, along the axis of the tokens. */
function joinBlocks(
  { blocks, sizesUpTo }: KeyBlocks,
  parts: readonly Value[],
  row: number,
  index: number,
): Value {
  const first = row * blocks
  const sizes = sizesUpTo[row]![index - first]!
  const axis = parts[first]!.shape.length === 1 ? 0 : 1
  return joinParts(parts.slice(first, index + 1), axis, sizes, `seen${index}`)
}

function queryBlocks(
  keys: KeyBlocks,
  keyOrders: readonly Value[],
  group: number,
  { order, sizes, tokensName }: { order: Value; sizes: Value; tokensName: string },
): QueryBlocks {
  const { graph } = order
  const names = keys.names.map((_, index) => `${tokensName}${index}`)
  const rowsName = `${tokensName}·group`
  const [rowSizes] = graph.emit(
    'Mul',
    [sizes, graph.constant([group], [1], 'int64')],
    [{ type: 'int64', shape: sizes.shape }],
  )
  const orderNames = names.map((name) => `${name}·queries`)
  const parts = splitParts(order, 0, sizes, orderNames)
  const known = new Map<number, readonly Value[]>()
  const masks = (window: number) => {
    const made = known.get(window) ?? parts.map((part, index) => maskOf(part, index, window))
    known.set(window, made)
    return made
  }
  const maskOf = (part: Value, index: number, window: number) => {
    const row = Math.floor(index / keys.blocks)
    const seen = joinBlocks(keys, keyOrders, row, index)
    const query = reshape(part, [part.shape[0]!, 1, 1])
    return hiddenKeys(query, reshape(seen, [1, 1, seen.shape[0]!]), window)
  }
  return { sizes: rowSizes!, names, rowsName, tokensName, masks }
}

/** More than any difference of scores, so that a softmax leaves nothing; times a position still finite. */
const beyondScores = 1e30

/**
 * 0 where the key [1, 1, keys] stands at the query [tokens, 1, 1] or in the window before, at least
 * `beyondScores` elsewhere; made of operations that ONNX Runtime runs on all threads.
 */
function hiddenKeys(query: Value, key: Value, window: number): Value {
  const { graph } = query
  const [from, to] = [scale(query, beyondScores), scale(key, beyondScores)]
  const positive = (x: Value) => graph.emit('Relu', [x], [{ type: 'float32', shape: x.shape }])[0]!
  const later = positive(subtract(to, from))
  if (!Number.isFinite(window)) return later
  // Positions are exact, products with them are not: equal positions must give equal products.
  const first = scale(subtract(query, graph.scalar(window - 1)), beyondScores)
  return add(later, positive(subtract(first, to)))
}

function sliceSizes(sizes: Value, start: number, end: number): Value {
  const { graph } = sizes
  const bound = (at: number) => graph.constant([at], [1], 'int64')
  const signature = { type: 'int64', shape: [end - start] } as const
  return graph.emit('Slice', [sizes, bound(start), bound(end)], [signature])[0]!
}

/** Swaps the first two axes; an axis of size 1 moves without a copy. */
function swapFirst(x: Value, size: number | string): Value {
  const [a, b, ...rest] = x.shape
  if (size === 1 || a === 1 || b === 1) return reshape(x, [b!, a!, ...rest])
  return transpose(x, [1, 0, ...rest.map((_, index) => index + 2)])
}
