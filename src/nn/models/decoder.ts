import type { SessionOptions } from '../runtime/index.ts'
import { type DecoderPieces, decoderPieces } from './decoder-pieces.ts'
import { headParameter, layerParameter, type Model, type Parameters } from './parameters.ts'
import { createPieceRunner, type PieceRunner, type Results } from './piece-runner.ts'
import { rotaryTable } from './rotary-table.ts'
import { createRowAttention, type Projections } from './row-attention.ts'
import type { PackedRow } from './row-groups.ts'

/** Sequences laid end to end without padding. */
export interface PackedTokens {
  readonly tokens: Int32Array
  /** Position id of each token; a row may leave positions out. */
  readonly positions: Int32Array
  readonly rows: readonly PackedRow[]
}

export interface ForwardOptions {
  /**
   * Keep what the layers made for the backward pass instead of running them again. It costs
   * 2 · (heads + keyValueHeads) · headSize + 2 · intermediateSize + hiddenSize floats a token and
   * layer; the numbers are the same.
   */
  readonly keepActivations?: boolean
  /** Sees each layer's projections, for a key-value cache. */
  readonly onLayer?: (layer: number, projections: Projections) => void
}

/** What a backward pass needs of its forward pass. */
export interface Tape {
  readonly packed: PackedTokens
  readonly layers: { readonly x: Float32Array; readonly kept?: LayerState }[]
}

interface LayerState extends Projections {
  readonly mix: Float32Array
  readonly feedForward: Results
}

/** A decoder over packed sequences, run layer by layer. */
export interface Decoder {
  readonly pieces: DecoderPieces
  readonly runner: PieceRunner
  /** Hidden states [tokens, hidden] before the final norm. */
  forward(
    packed: PackedTokens,
    options?: ForwardOptions,
  ): Promise<{ hidden: Float32Array; tape: Tape }>
  /** Adds the gradients of all parameters below the final norm to `sums`. */
  backward(tape: Tape, dHidden: Float32Array, sums: Parameters): Promise<void>
  /** The next token of each sequence: hidden states [sequences, hidden] before the final norm. */
  step(
    tokens: Int32Array,
    positions: Int32Array,
    attend: (layer: number, projections: Projections) => Promise<Float32Array>,
  ): Promise<Float32Array>
  /** Logits of hidden states [rows, hidden]; the final norm is applied here. */
  logits(hidden: Float32Array): Promise<Float32Array>
  dispose(): Promise<void>
}

export function createDecoder(model: Model, options: SessionOptions = {}): Decoder {
  const { config, parameters } = model
  const { hiddenSize } = config
  const pieces = decoderPieces(config)
  const runner = createPieceRunner(parameters, options)
  const rowAttention = createRowAttention(config, pieces, runner)
  const matrix = (data: Float32Array, width = hiddenSize) => ({
    data,
    shape: [data.length / width, width],
  })
  const nameIn = (layer: number) => (weight: string) => layerParameter(layer, weight)
  const widths = {
    queries: config.heads * config.headSize,
    keys: config.keyValueHeads * config.headSize,
    values: config.keyValueHeads * config.headSize,
  }

  async function project(layer: number, x: Float32Array, table: RotaryTable) {
    const feeds = { x: matrix(x), ...table }
    const results = await runner.forward(pieces.attentionInput, feeds, nameIn(layer))
    return {
      queries: results.queries!.data,
      keys: results.keys!.data,
      values: results.values!.data,
    }
  }

  async function attend(layer: number, x: Float32Array, packed: PackedTokens, table: RotaryTable) {
    const projections = await project(layer, x, table)
    return { ...projections, mix: await rowAttention.forward(projections, packed.rows) }
  }

  return {
    pieces,
    runner,
    async forward(packed, { keepActivations = false, onLayer } = {}) {
      const table = rotaryTable(config, packed.positions)
      const layers: Tape['layers'] = []
      let x = embed(parameters, packed.tokens, hiddenSize)
      for (let layer = 0; layer < config.layers; layer++) {
        const state = await attend(layer, x, packed, table)
        onLayer?.(layer, state)
        const feeds = { x: matrix(x), mix: matrix(state.mix, widths.queries) }
        const run = keepActivations ? runner.forwardKeeping : runner.forward
        const { y, ...feedForward } = await run(pieces.feedForward, feeds, nameIn(layer))
        layers.push(keepActivations ? { x, kept: { ...state, feedForward } } : { x })
        x = y!.data
      }
      return { hidden: x, tape: { packed, layers } }
    },

    async backward({ packed, layers }, dHidden, sums) {
      const table = rotaryTable(config, packed.positions)
      let dx = dHidden
      for (let layer = config.layers - 1; layer >= 0; layer--) {
        const { x, kept } = layers[layer]!
        const state = kept ?? (await attend(layer, x, packed, table))
        const inputs = { x: matrix(x), mix: matrix(state.mix, widths.queries), 'd:y': matrix(dx) }
        const fed = { ...inputs, ...kept?.feedForward }
        const run = kept ? runner.backwardKept : runner.backward
        const after = await run(pieces.feedForward, fed, sums, nameIn(layer))
        const d = await rowAttention.backward(state, packed.rows, after['d:mix']!.data)
        const cotangents = {
          'd:queries': matrix(d.queries, widths.queries),
          'd:keys': matrix(d.keys, widths.keys),
          'd:values': matrix(d.values, widths.values),
        }
        const before = await runner.backward(
          pieces.attentionInput,
          { x: matrix(x), ...table, ...cotangents },
          sums,
          nameIn(layer),
        )
        dx = sumOf(before['d:x']!.data, after['d:x']!.data)
      }
      scatterRows(sums.get(embedding)!.data, packed.tokens, dx, hiddenSize)
    },

    async step(tokens, positions, attendCached) {
      const table = rotaryTable(config, positions)
      let x = embed(parameters, tokens, hiddenSize)
      for (let layer = 0; layer < config.layers; layer++) {
        const mix = await attendCached(layer, await project(layer, x, table))
        const feeds = { x: matrix(x), mix: matrix(mix, widths.queries) }
        x = (await runner.forward(pieces.feedForward, feeds, nameIn(layer))).y!.data
      }
      return x
    },

    async logits(hidden) {
      const names: Record<string, string> = {
        'norm.weight': 'model.norm.weight',
        'head.weight': headParameter(config),
      }
      const feeds = { x: matrix(hidden) }
      const results = await runner.forward(pieces.logits, feeds, (name) => names[name]!)
      return results.logits!.data
    },

    dispose: () => runner.dispose(),
  }
}

type RotaryTable = ReturnType<typeof rotaryTable>

const embedding = 'model.embed_tokens.weight'

function embed(parameters: Parameters, tokens: Int32Array, width: number): Float32Array {
  const table = parameters.get(embedding)!.data
  const result = new Float32Array(tokens.length * width)
  tokens.forEach((token, index) => {
    result.set(table.subarray(token * width, (token + 1) * width), index * width)
  })
  return result
}

/** Adds row i of `rows` to row tokens[i] of the table. */
function scatterRows(
  table: Float32Array,
  tokens: Int32Array,
  rows: Float32Array,
  width: number,
): void {
  for (let index = 0; index < tokens.length; index++) {
    const target = tokens[index]! * width
    const source = index * width
    for (let column = 0; column < width; column++) table[target + column]! += rows[source + column]!
  }
}

/** a + b, written into a. */
function sumOf(a: Float32Array, b: Float32Array): Float32Array {
  for (let i = 0; i < a.length; i++) a[i]! += b[i]!
  return a
}
