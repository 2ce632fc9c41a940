import type { DimensionSizes, HostTensor } from '../runtime/index.ts'
import type { DecoderConfig } from './decoder-config.ts'
import { toInt64 } from './int64.ts'
import { isWide, type PackShape } from './packed-layers.ts'
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
export function packShape(config: DecoderConfig, { tokens, rows }: PackedTokens): PackShape {
  const lengths = rows.map(({ length }) => length)
  const wanted = Math.ceil(Math.max(...lengths) / blockLength)
  const fitting = blockCounts.find((count) => count >= wanted) ?? blockCounts.at(-1)!
  let tokenBlocks = wantedTokenBlocks(config, tokens.length)
  while (tokens.length % tokenBlocks !== 0) tokenBlocks /= 2
  return { rows: rows.length, blocks: Math.min(fitting, ...lengths), tokenBlocks }
}

/** Tokens of a block of the feed-forward part, about: gate and up of Qwen2.5-0.5B are 10 MB each. */
const tokenBlockLength = 512

/** A power of two, so that few graphs serve packs of every length. */
function wantedTokenBlocks(config: DecoderConfig, tokens: number): number {
  if (!isWide(config)) return 1
  const exponent = Math.round(Math.log2(tokens / tokenBlockLength))
  return 2 ** Math.min(4, Math.max(0, exponent))
}

/**
 * Adds tokens to the end of the last row, which nothing else sees, until the pack has blocks of equal
 * size. Without them `packShape` takes fewer blocks.
 */
export function fillPack<Pack extends PackedTokens>(config: DecoderConfig, pack: Pack): Pack {
  const { tokens, positions, rows } = pack
  const blocks = wantedTokenBlocks(config, tokens.length)
  const total = Math.ceil(tokens.length / blocks) * blocks
  if (total === tokens.length) return pack
  const last = rows.at(-1)!
  const filled = new Int32Array(total)
  filled.set(tokens)
  const places = new Int32Array(total).fill(positions.at(-1)!)
  places.set(positions)
  const longer = { start: last.start, length: total - last.start }
  return { ...pack, tokens: filled, positions: places, rows: [...rows.slice(0, -1), longer] }
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

/**
 * Chooses tokens, and more where needed: none of the blocks of queries may be empty, and the blocks
 * of the feed-forward part are of one size.
 */
export function chooseTokens(
  { tokens, rows }: PackedTokens,
  { blocks, tokenBlocks }: PackShape,
  wanted: Iterable<number>,
): ChosenTokens {
  const queryBlocks = rows.flatMap(({ start, length }) => {
    let end = start
    return blockSizes(length, blocks).map((size) => {
      end += size
      return { start: end - size, end }
    })
  })
  const isChosen = new Uint8Array(tokens.length)
  for (const token of wanted) isChosen[token] = 1
  for (const { start, end } of queryBlocks) {
    if (!isChosen.subarray(start, end).includes(1)) isChosen[start] = 1
  }
  let count = isChosen.reduce((sum, each) => sum + each, 0)
  for (let token = tokens.length - 1; count % tokenBlocks !== 0; token--) {
    count += 1 - isChosen[token]!
    isChosen[token] = 1
  }
  const index = [...isChosen.keys()].filter((token) => isChosen[token] === 1)
  const sizes = queryBlocks.map(({ start, end }) =>
    isChosen.subarray(start, end).reduce((sum, each) => sum + each, 0),
  )
  const places = new Int32Array(tokens.length).fill(-1)
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
