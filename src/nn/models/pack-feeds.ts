import type { DimensionSizes, HostTensor } from '../runtime/index.ts'
import type { DecoderConfig } from './decoder-config.ts'
import { toInt64 } from './int64.ts'
import type { PackShape } from './packed-layers.ts'
import type { RotaryTable } from './rotary-table.ts'
import type { PackedRow } from './row-groups.ts'

/** Sequences laid end to end without padding. */
export interface PackedTokens {
  readonly tokens: Int32Array
  /** Position id of each token; a row may leave positions out. */
  readonly positions: Int32Array
  readonly rows: readonly PackedRow[]
}

/** Queries of one block at most, where rows are not so long that even more blocks are needed. */
const blockLength = 256

/** Numbers of blocks that graphs are made for, so that few graphs serve rows of every length. */
const blockCounts = [1, 2, 4, 8, 16]

/** The graph that computes these rows together. */
export function packShape(rows: readonly PackedRow[]): PackShape {
  const lengths = rows.map(({ length }) => length)
  const wanted = Math.ceil(Math.max(...lengths) / blockLength)
  const fitting = blockCounts.find((count) => count >= wanted) ?? blockCounts.at(-1)!
  return { rows: rows.length, blocks: Math.min(fitting, ...lengths) }
}

/** Feeds of `packInputs`, hidden states and weights apart. */
export function packFeeds(
  { positions, rows }: PackedTokens,
  { blocks }: PackShape,
  table: RotaryTable,
): Record<string, HostTensor> {
  const sizes = rows.flatMap(({ length }) => blockSizes(length, blocks))
  return {
    order: { data: Float32Array.from(positions), shape: [positions.length] },
    blockSizes: { data: toInt64(sizes), shape: [sizes.length] },
    ...table.covering(positions, rows),
  }
}

/** Lengths that layers have beside those of their feeds: rows of scores in each block of queries. */
export function packSizes(
  { heads, keyValueHeads }: DecoderConfig,
  feeds: Readonly<Record<string, HostTensor>>,
): DimensionSizes {
  const group = heads / keyValueHeads
  const rowsOf = (feed: string, name: string) =>
    [...((feeds[feed]?.data ?? []) as Iterable<bigint>)].map(
      (size, block) => [`${name}${block}`, Number(size) * group] as const,
    )
  return Object.fromEntries([...rowsOf('blockSizes', 'tokens'), ...rowsOf('chosenSizes', 'chosen')])
}

/** The tokens that a last layer computes, and where each of them stands. */
export interface ChosenTokens {
  readonly feeds: Record<string, HostTensor>
  readonly count: number
  /** Row of a token's hidden state among those of the chosen tokens. */
  placeOf(token: number): number
}

/** Chooses tokens; a block of queries without any gets its first one, because none may be empty. */
export function chooseTokens(
  { tokens, rows }: PackedTokens,
  { blocks }: PackShape,
  wanted: Iterable<number>,
): ChosenTokens {
  const places = new Int32Array(tokens.length).fill(-1)
  for (const token of wanted) places[token] = 0
  const sizes: number[] = []
  const index: number[] = []
  for (const { start, length } of rows) {
    let from = start
    for (const size of blockSizes(length, blocks)) {
      const before = index.length
      for (let token = from; token < from + size; token++)
        if (places[token] === 0) index.push(token)
      if (index.length === before) index.push(from)
      sizes.push(index.length - before)
      from += size
    }
  }
  index.forEach((token, place) => {
    places[token] = place
  })
  return {
    feeds: {
      chosen: { data: toInt64(index), shape: [index.length] },
      chosenSizes: { data: toInt64(sizes), shape: [sizes.length] },
    },
    count: index.length,
    placeOf: (token) => places[token]!,
  }
}

/** A row in `blocks` parts that differ by one token at most. */
function blockSizes(length: number, blocks: number): number[] {
  const size = Math.floor(length / blocks)
  return Array.from({ length: blocks }, (_, block) => size + (block < length % blocks ? 1 : 0))
}
