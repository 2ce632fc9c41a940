import type { HostTensor } from '../runtime/index.ts'
import { type CausalMasks, createCausalMasks } from './causal-masks.ts'
import type { DecoderConfig } from './decoder-config.ts'
import type { DecoderPieces } from './decoder-pieces.ts'
import type { PieceRunner } from './piece-runner.ts'
import { groupRows, type PackedRow, padRows, unpadRows } from './row-groups.ts'

/** Queries, keys and values of packed tokens, each [tokens, heads · size]. */
export interface Projections {
  readonly queries: Float32Array
  readonly keys: Float32Array
  readonly values: Float32Array
}

/**
 * Attention within each packed row, in blocks of queries so that memory stays bounded:
 * [tokens, heads · size].
 *
 * @param window tokens that a query sees, itself included
 */
export type RowAttention = (
  projections: Projections,
  rows: readonly PackedRow[],
  window: number,
) => Promise<Float32Array>

/** Attention scores of one run, in float32 elements: 1 MiB, so that they stay in the cache. */
const scoreBudget = 2 ** 18

export function createRowAttention(
  config: DecoderConfig,
  { attention }: DecoderPieces,
  runner: PieceRunner,
): RowAttention {
  const queryWidth = config.heads * config.headSize
  const keyWidth = config.keyValueHeads * config.headSize
  const group = (rows: readonly PackedRow[]) => groupRows(rows, scoreBudget / config.heads)
  const masks = createCausalMasks(config.heads / config.keyValueHeads)
  const blocksOf = (length: number) => queryBlocks(length, config.heads)
  const pad = ({ queries, keys, values }: Projections, rows: readonly PackedRow[]) => ({
    queries: padRows(queries, queryWidth, rows),
    keys: padRows(keys, keyWidth, rows),
    values: padRows(values, keyWidth, rows),
  })

  return async (projections, rows, window) => {
    const mix = new Float32Array(projections.queries.length)
    for (const members of group(rows)) {
      const padded = pad(projections, members)
      const length = members[0]!.length
      for (const block of blocksOf(length)) {
        const result = await runner.run(attention, blockFeeds(padded, block, masks, window))
        const data = result.mix!.data
        if (block.end - block.start === length) unpadRows(data, queryWidth, members, mix)
        else mix.set(data, (members[0]!.start + block.start) * queryWidth)
      }
    }
    return mix
  }
}

interface QueryBlock {
  readonly start: number
  readonly end: number
}

/** A long row is cut so that the scores of each block (queries · keys · heads) fit the budget. */
function queryBlocks(length: number, heads: number): QueryBlock[] {
  const fitting = Math.floor(scoreBudget / heads / length)
  const size = length <= fitting ? length : Math.max(32, fitting)
  const blocks: QueryBlock[] = []
  for (let start = 0; start < length; start += size) {
    blocks.push({ start, end: Math.min(start + size, length) })
  }
  return blocks
}

type Padded = Record<'queries' | 'keys' | 'values', HostTensor<Float32Array>>

function blockFeeds(
  { queries, keys, values }: Padded,
  { start, end }: QueryBlock,
  masks: CausalMasks,
  window: number,
) {
  return {
    queries: sliceRows(queries, start, end),
    keys: sliceRows(keys, 0, end),
    values: sliceRows(values, 0, end),
    mask: masks.get(start, end, window),
  }
}

/** Positions [start, end) of [batch, length, width]; a part only of a batch of one. */
function sliceRows(tensor: HostTensor<Float32Array>, start: number, end: number) {
  const [batch, length, width] = tensor.shape as [number, number, number]
  if (start === 0 && end === length) return tensor
  const data = tensor.data.subarray(start * width, end * width)
  return { data, shape: [batch, end - start, width] }
}
