import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadGenerator } from '../../nn/infer/index.ts'
import {
  type Adapter,
  createAdapter,
  exportModel,
  initialiseModel,
  loadModel,
  zeroGradients,
} from '../../nn/models/index.ts'
import { loadTokenizer, trainTokenizer } from '../../nn/tokenizer/index.ts'
import { createPlan, planOptionsSchema, readPlan } from '../plan/index.ts'
import { createObjective } from './engines/onnx/objective.ts'
import { packStep } from './engines/onnx/pack-step.ts'
import { type TrainOptions, trainOptionsSchema } from './options.ts'
import { train } from './train.ts'

let folder: string
const at = (name: string) => join(folder, name)
const config = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: 300,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  tie_word_embeddings: false,
}

const trainAdapter = (out: string, more: Partial<TrainOptions> = {}, signal?: AbortSignal) =>
  train(
    trainOptionsSchema.parse({
      model: at('model'),
      plan: at('plan'),
      out: at(out),
      checkpointEvery: 1,
      loraRank: 4,
      loraDropout: 0.1,
      ...more,
    }),
    signal ? { signal } : {},
  )

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rc-adapter-training-'))
  const block = (type: string, content: string) => ({ type, content })
  const message = (role: string, ...content: object[]) => ({ role, content })
  const dialogs = Array.from({ length: 6 }, (_, index) => {
    const code = `def f(x):\n    return x + ${index}`
    const messages = [
      message('user', block('text', `Add ${index} and test it.`)),
      message(
        'assistant',
        block('code', `${code}\nprint(f(1))`),
        block('execution', `${index + 1}\n`),
      ),
      message('user', block('text', `Add ${index}.`)),
      message('assistant', block('text', code)),
    ]
    return JSON.stringify({ type: 'reflection', messages })
  })
  await writeFile(at('dialogs.jsonl'), `${dialogs.join('\n')}\n`)
  await trainTokenizer({ texts: dialogs, folder: at('model'), vocabularySize: 300 })
  await exportModel(at('model'), initialiseModel(config, 1))
  const planned = { data: [at('dialogs.jsonl')], model: at('model'), out: at('plan') }
  const schedule = { epochs: 4, sequencesPerStep: 2, learningRate: 2e-2 }
  await createPlan(planOptionsSchema.parse({ ...planned, ...schedule }))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const adapterBytes = (out: string) => readFile(join(at(out), 'adapter/adapter_model.safetensors'))

describe('training an adapter', () => {
  it('lowers the loss, writes the adapter and the merged model, which agree', async () => {
    const summary = await trainAdapter('whole')
    const lines = (await readFile(join(at('whole'), 'metrics.jsonl'), 'utf8')).trim().split('\n')
    const losses = lines.map((line) => JSON.parse(line).loss as number)
    // The output matrix is random and stays so, but for seven rows: much lower the loss cannot go.
    expect(losses.at(-1)).toBeLessThan(0.95 * losses[0]!)
    expect(summary).toMatchObject({
      model: join(at('whole'), 'model'),
      adapter: join(at('whole'), 'adapter'),
    })
    expect((await readdir(summary.adapter!)).sort()).toEqual([
      ...['adapter_config.json', 'adapter_model.safetensors', 'base_model.json'],
      ...['tokenizer.json', 'tokenizer_config.json'],
    ])
    const base = await loadModel(at('model'))
    const merged = await loadModel(summary.model!)
    expect(merged.config.vocabularySize).toBe(307)
    const names = ['model.layers.0.mlp.up_proj.weight', 'model.layers.1.input_layernorm.weight']
    const changed = names.map(
      (name) => merged.parameters.get(name)!.data.join() !== base.parameters.get(name)!.data.join(),
    )
    expect(changed).toEqual([true, false])
    const old = base.parameters.get('lm_head.weight')!.data
    expect(merged.parameters.get('lm_head.weight')!.data.slice(0, old.length)).toEqual(old)

    const request = { id: 'a', promptIds: [5, 6, 7] }
    const options = {
      maxNewTokens: 8,
      stopIds: [],
      temperature: 0,
      topP: 1,
      topK: 0,
      seed: 1,
      batchSize: 1,
    }
    const continued = await Promise.all(
      [[summary.model!], [at('model'), summary.adapter!]].map(async ([model, adapter]) => {
        const generator = await loadGenerator(model!, 1, adapter)
        const [result] = await generator.generate([request], options)
        await generator.dispose()
        return { ids: result!.ids, size: generator.tokenizer.size }
      }),
    )
    expect(continued[1]).toEqual(continued[0])
    expect(continued[0]!.ids).toHaveLength(8)
  })

  it('ends with the same bytes after an interruption and --resume, dropout included', async () => {
    await trainAdapter('straight', { merge: false })
    await expect(
      trainAdapter('broken', { merge: false }, AbortSignal.abort()),
    ).rejects.toMatchObject({
      code: 'RC_INTERRUPTED',
    })
    await cp(at('broken'), at('other'), { recursive: true })
    const summary = await trainAdapter('broken', { merge: false, resume: true })
    expect(summary.model).toBeNull()
    expect((await adapterBytes('broken')).equals(await adapterBytes('straight'))).toBe(true)
    await expect(trainAdapter('other', { resume: true, loraRank: 2 })).rejects.toMatchObject({
      code: 'RC_OTHER_TRAINING',
      status: 2,
    })
  })

  it('draws the same dropout however the layers are run, another for every pack', async () => {
    const model = await loadModel(at('model'))
    const plan = await readPlan(at('plan'))
    const { size } = await loadTokenizer(at('model'))
    expect(size).toBe(307)
    const shape = {
      rank: 2,
      alpha: 8,
      dropout: 0.3,
      targets: ['q_proj', 'o_proj', 'up_proj', 'down_proj'],
      tokenIds: [],
    } as const
    const adapter: Adapter = createAdapter(model, shape, 1)
    for (const { data } of adapter.parameters.values()) {
      data.forEach((_, i) => {
        data[i] = Math.sin(i) / 3
      })
    }
    const compute = async (activations: 'keep' | 'recompute', pack: number) => {
      const objective = createObjective(model, { temperature: 1, activations, adapter, seed: 1 })
      const sums = zeroGradients(adapter.parameters)
      for await (const step of plan.steps(0)) {
        // Ids of new tokens have no row here; any other id serves.
        const tokens = (sample: number) => plan.sampleTokens(sample).map((id) => Math.min(id, 299))
        const [first] = packStep(step.microBatches, tokens, 4096)
        const { loss } = await objective.accumulate([{ ...first!, number: pack }], sums)
        await objective.dispose()
        const name = 'model.layers.0.mlp.down_proj.lora_A.weight'
        return { loss, gradient: sums.get(name)!.data }
      }
      throw new Error('the plan has no steps')
    }
    const kept = await compute('keep', 0)
    const recomputed = await compute('recompute', 0)
    expect(recomputed.loss).toBeCloseTo(kept.loss, 5)
    kept.gradient.forEach((value, i) => {
      expect(Math.abs(value - recomputed.gradient[i]!)).toBeLessThan(1e-5 * (1 + Math.abs(value)))
    })
    expect(Math.abs((await compute('keep', 1)).loss - kept.loss)).toBeGreaterThan(1e-4)
    await plan.close()
  })
})
