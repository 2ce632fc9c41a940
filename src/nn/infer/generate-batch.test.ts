import { afterAll, describe, expect, it } from 'vitest'
import { createDecoder, initialiseModel } from '../models/index.ts'
import { type BatchOptions, generateBatch } from './generate-batch.ts'

const model = initialiseModel(
  {
    architectures: ['Qwen2ForCausalLM'],
    vocab_size: 61,
    hidden_size: 32,
    intermediate_size: 48,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    tie_word_embeddings: true,
  },
  7,
)
// Weights of a fresh model are small, and its logits nearly equal: ten times as large they differ.
for (const { data } of model.parameters.values()) data.set(data.map((x) => 10 * x))
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
  it('continues as a full forward pass over all tokens would', async () => {
    const results = await run({})
    for (const [index, { ids }] of results.entries()) {
      const tokens = Int32Array.from([...requests[index]!.promptIds, ...ids])
      const positions = tokens.map((_, position) => position)
      const rows = [{ start: 0, length: tokens.length }]
      const hidden = await decoder.forward({ tokens, positions, rows })
      const logits = await decoder.logits(hidden)
      const prompt = requests[index]!.promptIds.length
      ids.forEach((id, count) => {
        const from = (prompt + count - 1) * model.config.vocabularySize
        const row = logits.subarray(from, from + model.config.vocabularySize)
        // The cache sums in another order: the chosen token may lose by rounding only.
        expect(row[id]).toBeGreaterThan(Math.max(...row) - 1e-4)
      })
    }
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
