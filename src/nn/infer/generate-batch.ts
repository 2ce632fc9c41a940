import { createRandom } from '../../core/index.ts'
import type { Decoder, DecoderConfig, PackedTokens } from '../models/index.ts'
import { chooseToken, type SamplingOptions } from './choose-token.ts'
import { createKeyValueCache, type KeyValueCache } from './key-value-cache.ts'

export interface GenerationRequest {
  readonly id: string
  readonly promptIds: readonly number[]
}

export interface GenerationResult {
  readonly id: string
  /** New tokens, without the stop token. */
  readonly ids: number[]
  readonly stop: 'stop-token' | 'length'
}

export interface BatchOptions extends SamplingOptions {
  readonly maxNewTokens: number
  readonly stopIds: readonly number[]
  /** Draws are keyed by seed, request id and token index, so they do not depend on the batch. */
  readonly seed: number
  readonly signal?: AbortSignal
}

/** Prompts are read together up to this many tokens. */
const tokensPerRun = 4096

/** Continues prompts token by token, all at once; a sequence that has ended leaves the batch. */
export async function generateBatch(
  decoder: Decoder,
  config: DecoderConfig,
  requests: readonly GenerationRequest[],
  options: BatchOptions,
): Promise<GenerationResult[]> {
  const { maxNewTokens, stopIds, seed, signal } = options
  const results: GenerationResult[] = requests.map(({ id }) => ({ id, ids: [], stop: 'length' }))
  const cache = createKeyValueCache(
    config,
    requests.map(({ promptIds }) => promptIds.length),
  )
  let active = [...requests.keys()]
  let hidden = await readPrompts(decoder, config, requests, cache)
  for (let count = 0; count < maxNewTokens; count++) {
    signal?.throwIfAborted()
    const logits = await decoder.logits(hidden)
    const chosen = active.map((request, row) => {
      const random = createRandom(seed, 'token', requests[request]!.id, count)
      return chooseToken(rowOf(logits, row, config.vocabularySize), options, random)
    })
    const going: number[] = []
    active.forEach((request, row) => {
      const result = results[request]!
      if (stopIds.includes(chosen[row]!)) {
        results[request] = { ...result, stop: 'stop-token' }
        return
      }
      result.ids.push(chosen[row]!)
      going.push(row)
    })
    if (going.length === 0 || count + 1 === maxNewTokens) break
    if (going.length < active.length) cache.keep(going)
    active = going.map((row) => active[row]!)
    hidden = await extend(
      decoder,
      config,
      cache,
      Int32Array.from(going, (row) => chosen[row]!),
    )
  }
  return results
}

/** Fills the cache with the prompts; returns the hidden state of each prompt's last token. */
async function readPrompts(
  decoder: Decoder,
  { hiddenSize }: DecoderConfig,
  requests: readonly GenerationRequest[],
  cache: KeyValueCache,
): Promise<Float32Array> {
  const last = new Float32Array(requests.length * hiddenSize)
  let first = 0
  while (first < requests.length) {
    let end = first
    let total = 0
    while (end < requests.length) {
      const length = requests[end]!.promptIds.length
      if (end > first && total + length > tokensPerRun) break
      total += length
      end += 1
    }
    const packed = packPrompts(requests.slice(first, end), total)
    const from = first
    const hidden = await decoder.forward(packed, (layer, projections) =>
      cache.fill(layer, projections, packed.rows, from),
    )
    packed.rows.forEach(({ start, length }, index) => {
      const row = rowOf(hidden, start + length - 1, hiddenSize)
      last.set(row, (from + index) * hiddenSize)
    })
    first = end
  }
  return last
}

/** Feeds one token to every sequence; returns their hidden states. */
async function extend(
  decoder: Decoder,
  { windows }: DecoderConfig,
  cache: KeyValueCache,
  tokens: Int32Array,
) {
  const positions = Int32Array.from(cache.lengths)
  cache.grow()
  const masks = new Map<number, ReturnType<KeyValueCache['mask']>>()
  for (const window of new Set(windows)) masks.set(window, cache.mask(window))
  return decoder.step(tokens, positions, async (layer, projections) => {
    cache.append(layer, projections)
    const { queries } = projections
    const shape = [tokens.length, queries.length / tokens.length]
    const feeds = {
      queries: { data: queries, shape },
      ...cache.read(layer),
      mask: masks.get(windows[layer]!)!,
    }
    return (await decoder.runner.run(decoder.pieces.cachedAttention, feeds)).mix!.data
  })
}

function packPrompts(requests: readonly GenerationRequest[], total: number): PackedTokens {
  const tokens = new Int32Array(total)
  const positions = new Int32Array(total)
  const rows: { start: number; length: number }[] = []
  let start = 0
  for (const { promptIds } of requests) {
    tokens.set(promptIds, start)
    promptIds.forEach((_, index) => {
      positions[start + index] = index
    })
    rows.push({ start, length: promptIds.length })
    start += promptIds.length
  }
  return { tokens, positions, rows }
}

const rowOf = (matrix: Float32Array, row: number, width: number) =>
  matrix.subarray(row * width, (row + 1) * width)
