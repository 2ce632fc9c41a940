import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createRandom, hashFile } from '../src/core/index.ts'
import { specialTokens } from '../src/data/dialog/index.ts'
import { parameterShapes, parseDecoderConfig } from '../src/nn/models/index.ts'
import { writeModelFolder, writeSafetensors } from '../src/nn/weights/index.ts'
import { type PlannedStep, planFiles, planFormat, planVersion } from '../src/stages/plan/index.ts'
import { planOptionsSchema } from '../src/stages/plan/options.ts'
import { planRows } from '../src/stages/plan/plan-rows.ts'
import { readLayout, type SpecialIds } from '../src/stages/plan/sample-layout.ts'
import { scaleLosses } from '../src/stages/plan/scale-losses.ts'

/** Tokens of the parts of a reflection sample, special tokens included but for the four roles. */
export interface SampleParts {
  readonly instruction: number
  readonly text: number
  readonly code: number
  readonly execution: number
  readonly again: number
  readonly answer: number
}

/** The sample of 1,364 tokens that the bench is about. */
export const usualParts: SampleParts = {
  instruction: 150,
  text: 250,
  code: 500,
  execution: 150,
  again: 60,
  answer: 250,
}

/** The same proportions in 4,096 tokens. */
export const longParts: SampleParts = {
  instruction: 450,
  text: 750,
  code: 1500,
  execution: 450,
  again: 180,
  answer: 762,
}

const vocabularySize = 151_936
/** Behind the tokens of Qwen2.5's tokenizer, 151,665 of them. */
const firstSpecialId = 151_700
const eosId = 151_643

/** Qwen2.5-0.5B with so many of its 24 layers. */
export const modelConfig = (layers: number) => ({
  architectures: ['Qwen2ForCausalLM'],
  model_type: 'qwen2',
  vocab_size: vocabularySize,
  hidden_size: 896,
  intermediate_size: 4864,
  num_hidden_layers: layers,
  num_attention_heads: 14,
  num_key_value_heads: 2,
  hidden_act: 'silu',
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  max_position_embeddings: 32_768,
  tie_word_embeddings: true,
})

/** A model folder without a tokenizer: uniform weights of deviation 0.02, norms near 1. */
export async function writeModel(folder: string, layers: number): Promise<void> {
  const config = modelConfig(layers)
  const shapes = parameterShapes(parseDecoderConfig(config, folder))
  const tensors = [...shapes].map(([name, shape]) => {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1))
    const centre = name.includes('norm') ? 1 : 0
    let state = createRandom(1, name).uint32() | 1
    for (let i = 0; i < data.length; i++) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      data[i] = centre + 0.02 * Math.sqrt(12) * ((state >>> 0) / 2 ** 32 - 0.5)
    }
    return { name, dtype: 'F32' as const, shape, data }
  })
  await mkdir(folder, { recursive: true })
  await writeModelFolder(folder, { config: { ...config, torch_dtype: 'float32' }, tensors })
}

/** A plan folder with a step of the one sample for each mask rate, in this order. */
export async function writePlan(
  folder: string,
  model: string,
  parts: SampleParts,
  rates: readonly number[],
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const ids = Object.fromEntries(
    specialTokens.map((token, index) => [token, firstSpecialId + index]),
  ) as SpecialIds
  const tokens = Int32Array.from(sampleTokens(parts, ids))
  const path = (name: keyof typeof planFiles) => join(folder, planFiles[name])
  await writeSafetensors(path('tokens'), [
    { name: 'tokens', dtype: 'I32', shape: [tokens.length], data: tokens },
    {
      name: 'offsets',
      dtype: 'I64',
      shape: [2],
      data: BigInt64Array.of(0n, BigInt(tokens.length)),
    },
  ])
  const options = planOptionsSchema.parse({ data: ['-'], model, out: folder })
  const layout = readLayout(tokens, ids)
  const occurrence = { epoch: 0, dataset: 0, sample: 0, reflection: true }
  const learningRate = 1e-5
  const steps = rates.map((maskRate, step): PlannedStep => {
    const rows = planRows(layout, occurrence, maskRate, options)
    const microBatches = scaleLosses([{ dataset: 0, rows }], options)
    return { step, epoch: step, learningRate, maskRate, microBatches }
  })
  await writeFile(path('steps'), steps.map((step) => `${JSON.stringify(step)}\n`).join(''))
  await writeFile(path('samples'), `${JSON.stringify({ file: 'large-model-inputs', line: 1 })}\n`)
  await writeFile(path('validation'), '')
  const { betas, epsilon, weightDecay, maxGradientNorm } = options
  const manifest = {
    format: planFormat,
    version: planVersion,
    config: options,
    data: [],
    tokenizerSha256: '',
    modelConfigSha256: '',
    bosId: null,
    eosId,
    specialTokens: ids,
    addedTokens: [],
    vocabularySize: firstSpecialId + specialTokens.length,
    counts: { samples: 1, dropped: 0, steps: steps.length, tokens: tokens.length },
    validation: null,
    steps: steps.length,
    optimizer: { learningRate, betas, epsilon, weightDecay, maxGradientNorm, warmupSteps: 0 },
    files: {
      tokens: await hashFile(path('tokens')),
      steps: await hashFile(path('steps')),
      samples: await hashFile(path('samples')),
      validation: await hashFile(path('validation')),
    },
  }
  await writeFile(path('manifest'), JSON.stringify(manifest, null, 2))
}

function sampleTokens(parts: SampleParts, ids: SpecialIds): number[] {
  const random = createRandom(1, 'bench-sample')
  const words = (count: number) => Array.from({ length: count }, () => random.integer(eosId))
  const block = (type: 'text' | 'code' | 'execution', size: number) => [
    ids[`<|${type}|>`],
    ...words(size - 2),
    ids['<|endofblock|>'],
  ]
  const message = (role: 'user' | 'assistant', ...blocks: number[][]) => [
    ids[`<|${role}|>`],
    ...blocks.flat(),
    ids['<|endofmessage|>'],
  ]
  return [
    ...message('user', block('text', parts.instruction - 1)),
    ...message(
      'assistant',
      block('text', parts.text),
      block('code', parts.code),
      block('execution', parts.execution - 1),
    ),
    ...message('user', block('text', parts.again - 1)),
    ...message('assistant', block('code', parts.answer - 2)),
    eosId,
  ]
}
