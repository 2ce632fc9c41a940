import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../../core/index.ts'
import { sizeOf } from '../../../../nn/graph/index.ts'
import {
  type Adapter,
  chooseTokens,
  createAdapter,
  createRotaryTable,
  initialiseModel,
  type Model,
  type Parameters,
  packFeeds,
  packSizes,
  zeroGradients,
} from '../../../../nn/models/index.ts'
import { createWorkMemory, releaseBuffer } from '../../../../nn/runtime/index.ts'
import type { MicroBatch } from '../../../plan/index.ts'
import { createObjective, type ObjectiveOptions } from './objective.ts'
import { packStep } from './pack-step.ts'
import { layerGradientGraph, layerGraph } from './training-graphs.ts'

const tinyConfig = {
  architectures: ['Qwen2ForCausalLM'],
  model_type: 'qwen2',
  vocab_size: 61,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  tie_word_embeddings: true,
}

/** With weights, norms and biases that all matter. */
function tinyModel(config: object = tinyConfig): Model {
  const model = initialiseModel(config as Record<string, unknown>, 7)
  const random = createRandom(7, 'tiny-model')
  for (const { data } of model.parameters.values()) {
    data.forEach((value, i) => {
      data[i] = value + 0.2 * random.normal()
    })
  }
  return model
}

const length = 23
const tokens = Int32Array.from({ length }, (_, index) => (index * 17 + 5) % 61)
const distill = [15, 21] as [number, number]
const teacher: MicroBatch['rows'][number] = {
  sample: 0,
  view: 'teacher',
  spans: [[0, length]],
  labels: [
    [4, 9],
    [15, length],
  ],
  distill,
}
const student: MicroBatch['rows'][number] = {
  ...teacher,
  view: 'student',
  spans: [
    [6, 9],
    [12, length],
  ],
  labels: [[16, 22]],
}
const microBatch: MicroBatch = {
  dataset: 0,
  crossEntropyScale: 1 / 19,
  distillScale: 1 / 6,
  rows: [teacher, student],
}
const packs = packStep([microBatch], () => tokens, 1024)

/** Two samples that wide layers take in blocks of tokens when they run together. */
const longTokens = Int32Array.from({ length: 501 }, (_, index) => (index * 17 + 5) % 61)
const longRow: MicroBatch['rows'][number] = {
  sample: 0,
  view: 'plain',
  spans: [[0, 501]],
  labels: [[300, 501]],
}
const longRows: MicroBatch = {
  dataset: 0,
  crossEntropyScale: 1 / 402,
  distillScale: 0,
  rows: [longRow, longRow],
}
const longPacks = (tokensPerRun: number) => packStep([longRows], () => longTokens, tokensPerRun)

const wide = { from: 0, sizes: { shareBytes: 4 * 61 * 9, columns: 16 } }
const narrow = { from: Number.POSITIVE_INFINITY, sizes: wide.sizes }
const layerwise = { wholeBytes: 0, temperature: 1 } as const

interface Computed {
  loss: number
  sums: Parameters
}

async function compute(
  options: Partial<ObjectiveOptions>,
  {
    config = tinyConfig as object,
    adapted = false,
    sums = new Map() as Parameters,
    moved = 0,
    given = packs,
  } = {},
): Promise<Computed> {
  const model = tinyModel(config)
  const adapter = adapted ? movedAdapter(model) : undefined
  for (const { data } of (adapter?.parameters ?? model.parameters).values()) {
    data.forEach((value, i) => {
      data[i] = value + moved * direction(i)
    })
  }
  const objective = createObjective(model, {
    temperature: 1,
    activations: 'auto',
    threads: 1,
    // Memory of the smallest array too is used again.
    memory: createWorkMemory({ smallest: 0, slabBytes: 2 ** 16 }),
    ...(adapter ? { adapter } : {}),
    ...options,
  })
  const { loss } = await objective.accumulate(given, sums)
  await objective.dispose()
  return { loss, sums }
}

function movedAdapter(model: Model): Adapter {
  const targets = ['q_proj', 'v_proj', 'o_proj', 'gate_proj', 'down_proj'] as const
  const shape = { rank: 2, alpha: 4, dropout: 0, targets: [...targets], tokenIds: [14, 15, 16] }
  const adapter = createAdapter(model, shape, 1)
  for (const [name, { data }] of adapter.parameters) {
    if (name.endsWith('lora_B.weight')) {
      data.forEach((_, i) => {
        data[i] = 0.1 * Math.sin(i)
      })
    }
  }
  return adapter
}

const direction = (index: number) => Math.cos(index * 0.7)

/** Largest ‖a − b‖ / ‖b‖ of a tensor, against a thousandth of the largest norm where b is small. */
function difference(a: Computed, b: Computed): number {
  const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0))
  expect([...a.sums.keys()].sort()).toEqual([...b.sums.keys()].sort())
  const floor = 1e-3 * Math.max(...[...b.sums.values()].map(({ data }) => norm(data)))
  const errors = [...b.sums].map(([name, { data }]) => {
    const off = data.map((value, i) => value - a.sums.get(name)!.data[i]!)
    return norm(off) / Math.max(norm(data), floor)
  })
  return Math.max(...errors, Math.abs(a.loss / b.loss - 1))
}

const untied = { ...tinyConfig, tie_word_embeddings: false }
const normed = {
  ...tinyConfig,
  architectures: ['Qwen3ForCausalLM'],
  model_type: 'qwen3',
  head_dim: 8,
}

describe('a model run layer by layer', () => {
  it.each([
    ['of its weights', {}],
    ['of an adapter', { adapted: true }],
    ['of weights with norms of queries and keys', { config: normed }],
  ])('gives the same bits %s whether layers keep or make again', async (_, subject) => {
    const kept = await compute({ ...layerwise, activations: 'keep' }, subject)
    const remade = await compute({ ...layerwise, activations: 'recompute' }, subject)
    // One layer of two keeps.
    const halved = await compute({ ...layerwise, keptBytes: 4 * 36 * 300 }, subject)
    expect(remade).toEqual(kept)
    expect(halved).toEqual(kept)
  })

  it.each([
    ['tied weights', {}, 1],
    ['untied weights', { config: untied }, 1],
    ['an adapter with new tokens', { adapted: true }, 1],
    ['an adapter of an untied model', { adapted: true, config: untied }, 1],
    ['weights at temperature 2', {}, 2],
    ['an adapter at temperature 0.5', { adapted: true }, 0.5],
  ])('agrees with the whole graph in both heads: %s', async (_, subject, temperature) => {
    const whole = await compute({ temperature, activations: 'keep' }, subject)
    for (const wideHead of [narrow, wide]) {
      const other = await compute({ ...layerwise, temperature, wideHead }, subject)
      expect(difference(other, whole)).toBeLessThan(2e-6)
    }
  })

  it.each([
    ['weights', {}],
    ['an adapter', { adapted: true }],
  ])('agrees in blocks of tokens with tokens that run whole: %s', async (_, subject) => {
    const config = { ...tinyConfig, intermediate_size: 2048 }
    const apart = await compute(layerwise, { config, ...subject, given: longPacks(501) })
    for (const options of [{ ...layerwise, activations: 'recompute' as const }, layerwise, {}]) {
      const together = await compute(options, { config, ...subject, given: longPacks(1002) })
      expect(difference(together, apart)).toBeLessThan(2e-6)
    }
  })

  it('has the gradient of its loss in the wide head, by central differences', async () => {
    const step = 1e-3
    // The teacher is held constant under KL, so the loss with it is not what is differentiated.
    const factors = { teacherCrossEntropy: 1, studentCrossEntropy: 1, klDivergence: 0 }
    const lossAt = (moved: number) => compute({ ...layerwise, wideHead: wide, factors }, { moved })
    const [up, down] = [await lossAt(step), await lossAt(-step)]
    const numeric = (up.loss - down.loss) / (2 * step)
    const { sums } = await lossAt(0)
    let analytic = 0
    for (const { data } of sums.values()) {
      data.forEach((value, i) => {
        analytic += value * direction(i)
      })
    }
    expect(Math.abs(analytic - numeric)).toBeLessThan(2e-3 * (1 + Math.abs(numeric)))
  })

  it('knows the lengths of what its layers give, so that it is written where it stays', () => {
    const { config } = tinyModel()
    for (const [blocks, tokenBlocks] of [
      [1, 1],
      [2, 1],
      [4, 1],
      [4, 2],
    ] as const) {
      const pack = packs[0]!
      const shape = { rows: pack.rows.length, blocks, tokenBlocks }
      const chosen = chooseTokens(pack, shape, [3, 30])
      const feeds = { ...packFeeds(pack, shape, createRotaryTable(config)), ...chosen.feeds }
      for (const wanted of ['all', 'chosen'] as const) {
        const kind = { wanted, window: Number.POSITIVE_INFINITY }
        for (const { inputs, outputs, held } of [
          layerGraph({ config }, shape, kind, true),
          layerGradientGraph({ config }, shape, kind, true),
        ]) {
          const known = new Map(Object.entries(packSizes(config, feeds)))
          for (const { shape } of inputs) {
            for (const size of shape) if (typeof size === 'string') known.set(size, 16)
          }
          const named = [...outputs, ...held].flatMap(({ shape }) =>
            shape.filter((x) => typeof x === 'string'),
          )
          expect(named.filter((name) => sizeOf(name, known) === undefined)).toEqual([])
          expect(named.length).toBeGreaterThan(0)
        }
      }
    }
  })

  it.each([
    ['weights', {}],
    ['an adapter', { adapted: true }],
  ])('gives all memory back but that of its sums: %s', async (_, subject) => {
    for (const activations of ['keep', 'recompute'] as const) {
      for (const wideHead of [narrow, wide]) {
        const memory = createWorkMemory({ smallest: 0, slabBytes: 2 ** 16 })
        const { sums } = await compute({ ...layerwise, activations, wideHead, memory }, subject)
        expect(memory.takenBytes).toBeGreaterThan(0)
        for (const { data } of sums.values()) releaseBuffer(data)
        expect(memory.takenBytes).toBe(0)
      }
    }
  })

  it.each([narrow, wide])('adds to the sums that are there', async (wideHead) => {
    const options = { ...layerwise, wideHead }
    const fresh = await compute(options)
    const zeros = await compute(options, { sums: zeroGradients(tinyModel().parameters) })
    expect(difference(zeros, fresh)).toBeLessThan(1e-7)
    const twice = await compute(options, { sums: zeros.sums })
    for (const { data } of twice.sums.values()) {
      data.forEach((value, i) => {
        data[i] = value / 2
      })
    }
    expect(difference(twice, fresh)).toBeLessThan(2e-7)
  })
})
