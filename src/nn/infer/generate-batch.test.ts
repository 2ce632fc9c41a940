import { afterAll, describe, expect, it } from 'vitest'
import { createDecoder, initialiseModel, type Model } from '../models/index.ts'
import { type BatchOptions, generateBatch } from './generate-batch.ts'

const shape = {
  architectures: ['Qwen2ForCausalLM'],
  vocab_size: 61,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  tie_word_embeddings: true,
}

/** Weights of a fresh model are small, and its logits nearly equal: ten times as large they differ. */
function createModel(changes: Record<string, unknown> = {}): Model {
  const fresh = initialiseModel({ ...shape, ...changes }, 7)
  for (const { data } of fresh.parameters.values()) data.set(data.map((x) => 10 * x))
  return fresh
}

const model = createModel()
const decoder = createDecoder(model)
afterAll(() => decoder.dispose())

const greedy: BatchOptions = {
  maxNewTokens: 90,
  stopIds: [],
  temperature: 0,
  topP: 1,
  topK: 0,
  seed: 1,
}
const requests = [
  { id: 'a', promptIds: [5, 9, 20] },
  { id: 'b', promptIds: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
  { id: 'c', promptIds: [33] },
]
const run = (options: Partial<BatchOptions>, chosen = requests) =>
  generateBatch(decoder, model.config, chosen, { ...greedy, ...options })

describe('generateBatch', () => {
  it.each([
    ['Qwen 2', {}],
    ['Mistral, a window of 6', { architectures: ['MistralForCausalLM'], sliding_window: 6 }],
    [
      'Qwen 2, a window in the second layer',
      { use_sliding_window: true, sliding_window: 5, max_window_layers: 1 },
    ],
    ['Qwen 3', { architectures: ['Qwen3ForCausalLM'], head_dim: 12 }],
  ])('continues as a full forward pass over all tokens would: %s', async (_, changes) => {
    const own = createModel(changes)
    const ownDecoder = createDecoder(own)
    const results = await generateBatch(ownDecoder, own.config, requests, greedy)
    for (const [index, { ids }] of results.entries()) {
      const tokens = Int32Array.from([...requests[index]!.promptIds, ...ids])
      const positions = tokens.map((_, position) => position)
      const rows = [{ start: 0, length: tokens.length }]
      const hidden = await ownDecoder.forward({ tokens, positions, rows })
      const logits = await ownDecoder.logits(hidden)
      const prompt = requests[index]!.promptIds.length
      ids.forEach((id, count) => {
        const from = (prompt + count - 1) * own.config.vocabularySize
        const row = logits.subarray(from, from + own.config.vocabularySize)
        // The cache sums in another order: the chosen token may lose by rounding only.
        expect(row[id]).toBeGreaterThan(Math.max(...row) - 1e-4)
      })
    }
    await ownDecoder.dispose()
  })

  it('gives each prompt what it gets alone', async () => {
    const together = await run({})
    const alone = await Promise.all(requests.map((request) => run({}, [request])))
    expect(together).toEqual(alone.flat())
  })

  it('ends at a stop token, which is not part of the result, while others go on', async () => {
    const free = await run({ maxNewTokens: 20 })
    const stop = free[0]!.ids[6]!
    const [first, second] = await run({ maxNewTokens: 20, stopIds: [stop] })
    expect(first).toEqual({
      id: 'a',
      ids: free[0]!.ids.slice(0, free[0]!.ids.indexOf(stop)),
      stop: 'stop-token',
    })
    const end = free[1]!.ids.indexOf(stop)
    expect(second!.ids).toEqual(end === -1 ? free[1]!.ids : free[1]!.ids.slice(0, end))
  })

  it('draws the same samples for a seed and others for another', async () => {
    const options = { temperature: 1.5, maxNewTokens: 15 }
    const first = await run(options)
    expect(await run(options)).toEqual(first)
    expect(await run({ ...options, seed: 2 })).not.toEqual(first)
  })

  it('does not let a draw depend on the other prompts of a batch', async () => {
    const options = { temperature: 1, maxNewTokens: 15, topK: 5, topP: 0.9 }
    const together = await run(options)
    const [alone] = await run(options, [requests[1]!])
    expect(alone).toEqual(together[1])
  })

  it('stops when asked to', async () => {
    await expect(run({ signal: AbortSignal.abort() })).rejects.toThrow()
  })
})
