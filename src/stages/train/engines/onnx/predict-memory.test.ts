import { describe, expect, it } from 'vitest'
import { parseDecoderConfig } from '../../../../nn/models/index.ts'
import type { PlannedStep } from '../../../plan/index.ts'
import { keptLayerBytes } from './objective.ts'
import { type MemorySubject, predictMemory } from './predict-memory.ts'

/** The shape of Qwen2.5-0.5B, so that packs run layer by layer. */
const config = parseDecoderConfig(
  {
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    vocab_size: 151_936,
    hidden_size: 896,
    intermediate_size: 4864,
    num_hidden_layers: 24,
    num_attention_heads: 14,
    num_key_value_heads: 2,
    tie_word_embeddings: true,
  },
  'the test',
)
const full: MemorySubject = { work: 'train', config, threads: 2, activations: 'auto' }
const lora: MemorySubject = {
  ...full,
  adapter: { rank: 8, alpha: 16, dropout: 0, targets: ['q_proj', 'v_proj'], tokenIds: [] },
}

function planOf(...lengths: number[]) {
  const tokens = new Int32Array(Math.max(...lengths))
  const step = (length: number, index: number): PlannedStep => ({
    step: index,
    epoch: 0,
    learningRate: 1e-5,
    maskRate: 1,
    microBatches: [
      {
        dataset: 0,
        crossEntropyScale: 1,
        distillScale: 0,
        rows: [{ sample: 0, view: 'plain', spans: [[0, length]], labels: [[1, length]] }],
      },
    ],
  })
  return {
    sampleTokens: (_: number) => tokens,
    async *steps() {
      yield* lengths.map(step)
    },
  }
}

const gib = 2 ** 30
const predict = (subject: MemorySubject, limit: number, ...lengths: number[]) =>
  predictMemory(subject, planOf(...lengths), 1024, limit)

describe('the prediction of memory', () => {
  it('counts weights, gradients and moments of all that is trained', async () => {
    const elements = 494_032_768
    expect((await predict(full, 0, 16)).bytes).toBeGreaterThan(16 * elements)
    expect((await predict(full, 0, 16)).bytes).toBeLessThan(16 * elements + 1.2 * gib)
    expect((await predict(lora, 0, 16)).bytes).toBeGreaterThan(4 * elements)
    expect((await predict(lora, 0, 16)).bytes).toBeLessThan(4 * elements + 1.2 * gib)
  })

  it('lets as many layers keep their results as the limit allows', async () => {
    const each = keptLayerBytes(config, { tokens: new Int32Array(2000) })
    const none = await predict({ ...full, activations: 'recompute' }, 0, 2000)
    const all = await predict({ ...full, activations: 'keep' }, 0, 2000)
    const limit = none.bytes + 7.5 * each
    const some = await predict(full, limit, 2000)
    expect(Math.floor(some.keptBytes / each)).toBe(7)
    expect(some.bytes).toBeLessThanOrEqual(limit)
    expect((await predict(full, 64 * gib, 2000)).bytes).toBe(all.bytes)
    expect((await predict(full, 0, 2000)).bytes).toBe(none.bytes)
  })

  it('is that of the largest step of the plan', async () => {
    const longest = await predict(full, 8 * gib, 1500)
    expect((await predict(full, 8 * gib, 200, 1500, 700)).bytes).toBe(longest.bytes)
  })
})
