import type { SessionOptions } from '../runtime/index.ts'
import { type DecoderPieces, decoderPieces } from './decoder-pieces.ts'
import { embedTokens } from './embed-tokens.ts'
import type { PackedTokens } from './pack-feeds.ts'
import { headParameter, layerParameter, type Model } from './parameters.ts'
import { createPieceRunner, type PieceRunner } from './piece-runner.ts'
import { createRotaryTable, type Rotation } from './rotary-table.ts'
import { createRowAttention, type Projections } from './row-attention.ts'

/** Sees each layer's projections, for a key-value cache. */
export type LayerObserver = (layer: number, projections: Projections) => void

/** A decoder over packed sequences, run layer by layer. */
export interface Decoder {
  readonly pieces: DecoderPieces
  readonly runner: PieceRunner
  /**
   * Hidden states [tokens, hidden] before the final norm. Where layers have sliding windows, rows
   * leave no position out.
   */
  forward(packed: PackedTokens, onLayer?: LayerObserver): Promise<Float32Array>
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
  const widths = { queries: config.heads * config.headSize }

  const table = createRotaryTable(config)

  async function project(layer: number, x: Float32Array, turn: Rotation) {
    const feeds = { x: matrix(x), ...turn }
    const results = await runner.run(pieces.attentionInput, feeds, nameIn(layer))
    return {
      queries: results.queries!.data,
      keys: results.keys!.data,
      values: results.values!.data,
    }
  }

  async function feedForward(layer: number, x: Float32Array, mix: Float32Array) {
    const feeds = { x: matrix(x), mix: matrix(mix, widths.queries) }
    return (await runner.run(pieces.feedForward, feeds, nameIn(layer))).y!.data
  }

  return {
    pieces,
    runner,
    async forward(packed, onLayer) {
      const turn = table.covering(packed.positions, packed.rows)
      let x = embedTokens(parameters, packed.tokens, hiddenSize)
      for (let layer = 0; layer < config.layers; layer++) {
        const projections = await project(layer, x, turn)
        onLayer?.(layer, projections)
        const mix = await rowAttention(projections, packed.rows, config.windows[layer]!)
        x = await feedForward(layer, x, mix)
      }
      return x
    },

    async step(tokens, positions, attendCached) {
      const single = Array.from(positions, (_, start) => ({ start, length: 1 }))
      const turn = table.covering(positions, single)
      let x = embedTokens(parameters, tokens, hiddenSize)
      for (let layer = 0; layer < config.layers; layer++) {
        const mix = await attendCached(layer, await project(layer, x, turn))
        x = await feedForward(layer, x, mix)
      }
      return x
    },

    async logits(hidden) {
      const names: Record<string, string> = {
        'norm.weight': 'model.norm.weight',
        'head.weight': headParameter(config),
      }
      const feeds = { x: matrix(hidden) }
      const results = await runner.run(pieces.logits, feeds, (name) => names[name]!)
      return results.logits!.data
    },

    dispose: () => runner.dispose(),
  }
}
