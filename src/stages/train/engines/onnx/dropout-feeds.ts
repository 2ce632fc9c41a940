import { createRandom } from '../../../../core/index.ts'
import type { AdapterConfig, DecoderConfig, DropPlace } from '../../../../nn/models/index.ts'
import type { HostTensor } from '../../../../nn/runtime/index.ts'

/** What draws belong to; equal keys give equal draws, however the model is run. */
export interface DropKey {
  readonly seed: number
  readonly labels: readonly (string | number)[]
}

/**
 * The elements that an adapter sees in one layer, bool feeds `drop:<prefix><place>`.
 *
 * @param rows of the last layer those of the chosen tokens, except before attention
 */
export function dropoutFeeds(
  config: DecoderConfig,
  { dropout }: AdapterConfig,
  layer: number,
  rows: { all: number; chosen: number },
  { seed, labels }: DropKey,
  prefix = '',
): Record<string, HostTensor> {
  if (dropout === 0) return {}
  const isLast = layer === config.layers - 1
  const widths: Record<DropPlace, number> = {
    attentionInput: config.hiddenSize,
    mix: config.heads * config.headSize,
    feedForwardInput: config.hiddenSize,
    unit: config.intermediateSize,
  }
  const feeds = Object.entries(widths).map(([place, width]) => {
    const count = isLast && place !== 'attentionInput' ? rows.chosen : rows.all
    const random = createRandom(seed, 'dropout', ...labels, layer, place)
    const data = drawKept(count * width, dropout, random.uint32())
    return [`drop:${prefix}${place}`, { data, shape: [count, width] }]
  })
  return Object.fromEntries(feeds)
}

/** 1 where an element is kept; xorshift32 (Marsaglia 2003), because there are millions of them. */
function drawKept(length: number, dropout: number, seed: number): Uint8Array {
  const kept = new Uint8Array(length)
  const threshold = Math.round(dropout * 2 ** 32)
  let state = seed | 1
  for (let i = 0; i < length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    kept[i] = state >>> 0 >= threshold ? 1 : 0
  }
  return kept
}
