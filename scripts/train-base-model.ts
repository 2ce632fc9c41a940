import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createRandom, hashFile, writeFileAtomic } from '../src/core/index.ts'
import { generateBaseCorpus } from '../src/data/katas/index.ts'
import { exportModel, initialiseModel } from '../src/nn/models/index.ts'
import { loadTokenizer, type Tokenizer, trainTokenizer } from '../src/nn/tokenizer/index.ts'
import { writeSafetensors } from '../src/nn/weights/index.ts'
import {
  type PlanManifest,
  type PlannedRow,
  planFiles,
  planFormat,
  planOptionsSchema,
  planVersion,
} from '../src/stages/plan/index.ts'
import { train, trainOptionsSchema } from '../src/stages/train/index.ts'

const usage = `Usage: npx tsx scripts/train-base-model.ts [--work DIR] [--out DIR] [--resume]

Makes the tiny base model of the kata domain, models/kata-base: a byte-level BPE tokenizer and a
Qwen2 model of 1.2 million parameters, trained on generated Python by the embedded engine. The same
machine gives the same bytes. Interrupted, it goes on with --resume.`

/** Everything that decides the model. */
const recipe = {
  seed: 3407,
  corpusBytes: 6_000_000,
  vocabularySize: 1024,
  epochs: 3,
  documentsPerStep: 16,
  learningRate: 4e-3,
  warmupSteps: 100,
  maxLength: 1024,
} as const

const config = {
  architectures: ['Qwen2ForCausalLM'],
  model_type: 'qwen2',
  vocab_size: recipe.vocabularySize,
  hidden_size: 128,
  intermediate_size: 384,
  num_hidden_layers: 5,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  hidden_act: 'silu',
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  max_position_embeddings: 2048,
  tie_word_embeddings: true,
  use_sliding_window: false,
  attention_dropout: 0,
  initializer_range: 0.02,
  use_cache: true,
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      work: { type: 'string', default: 'runs/base-model' },
      out: { type: 'string', default: 'models/kata-base' },
      resume: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(usage)
  const start = join(values.work, 'start')
  const plan = join(values.work, 'plan')
  const run = join(values.work, 'run')
  if (!values.resume) {
    await rm(values.work, { recursive: true, force: true })
    await prepare(start, plan)
  }
  const options = trainOptionsSchema.parse({ model: start, plan, out: run, resume: values.resume })
  const started = Date.now()
  const progress = { start: () => ({ update: report(started), finish: () => {} }) }
  const summary = await train(options, { progress })
  await publish(start, summary.model as string, values.out)
  console.log(JSON.stringify({ out: values.out, ...summary }))
}

/** Writes the untrained model with its tokenizer, and the plan. */
async function prepare(start: string, plan: string): Promise<void> {
  const { seed, corpusBytes, vocabularySize } = recipe
  const documents = [...generateBaseCorpus({ bytes: corpusBytes, seed })]
  await mkdir(start, { recursive: true })
  await trainTokenizer({ texts: documents, folder: start, vocabularySize })
  await exportModel(start, initialiseModel(config, seed))
  await writeTextPlan(plan, start, documents, await loadTokenizer(start))
}

/** A step plan over plain texts: every row a document, every token but the first a label. */
async function writeTextPlan(
  out: string,
  start: string,
  documents: readonly string[],
  tokenizer: Tokenizer,
): Promise<void> {
  const samples = documents
    .map((text) => [...tokenizer.encodeText(text), tokenizer.eosId])
    .filter((ids) => ids.length <= recipe.maxLength)
  await mkdir(out, { recursive: true })
  const offsets = [0]
  for (const ids of samples) offsets.push(offsets.at(-1)! + ids.length)
  const tokens = Int32Array.from(samples.flat())
  await writeSafetensors(join(out, planFiles.tokens), [
    { name: 'tokens', dtype: 'I32', shape: [tokens.length], data: tokens },
    {
      name: 'offsets',
      dtype: 'I64',
      shape: [offsets.length],
      data: BigInt64Array.from(offsets, BigInt),
    },
  ])
  const { lines, steps, labelPositions } = renderSteps(samples.map((ids) => ids.length))
  await writeFileAtomic(join(out, planFiles.steps), lines)
  const origins = samples.map((_, index) => ({ file: 'base corpus', line: index + 1 }))
  const originLines = origins.map((origin) => `${JSON.stringify(origin)}\n`)
  await writeFileAtomic(join(out, planFiles.samples), originLines.join(''))
  await writeFileAtomic(join(out, planFiles.validation), '')
  const manifest: PlanManifest = {
    format: planFormat,
    version: planVersion,
    config: planOptionsSchema.parse({
      data: ['base corpus'],
      model: start,
      out,
      seed: recipe.seed,
    }),
    data: [],
    tokenizerSha256: tokenizer.hash,
    modelConfigSha256: await hashFile(join(start, 'config.json')),
    bosId: null,
    eosId: tokenizer.eosId,
    specialTokens: { ...tokenizer.specialIds },
    addedTokens: [],
    vocabularySize: recipe.vocabularySize,
    counts: {
      samples: samples.length,
      dropped: documents.length - samples.length,
      steps,
      microBatches: steps,
      rows: samples.length * recipe.epochs,
      tokens: tokens.length * recipe.epochs,
      tokensKept: tokens.length * recipe.epochs,
      labelPositions,
      distillPositions: 0,
    },
    validation: null,
    steps,
    optimizer: {
      learningRate: recipe.learningRate,
      betas: [0.9, 0.95],
      epsilon: 1e-8,
      weightDecay: 0.1,
      maxGradientNorm: 1,
      warmupSteps: recipe.warmupSteps,
      schedule: 'cosine',
    },
    files: {
      tokens: await hashFile(join(out, planFiles.tokens)),
      steps: await hashFile(join(out, planFiles.steps)),
      samples: await hashFile(join(out, planFiles.samples)),
      validation: await hashFile(join(out, planFiles.validation)),
    },
  }
  await writeFileAtomic(join(out, planFiles.manifest), `${JSON.stringify(manifest, null, 2)}\n`)
}

function renderSteps(lengths: readonly number[]) {
  const order: { epoch: number; sample: number }[] = []
  for (let epoch = 0; epoch < recipe.epochs; epoch++) {
    const random = createRandom(recipe.seed, 'order', epoch)
    for (const sample of random.shuffle([...lengths.keys()])) order.push({ epoch, sample })
  }
  const size = recipe.documentsPerStep
  const steps = Math.ceil(order.length / size)
  const lines: string[] = []
  let labelPositions = 0
  for (let step = 0; step < steps; step++) {
    const part = order.slice(step * size, (step + 1) * size)
    const rows = part.map(({ sample }): PlannedRow => {
      const length = lengths[sample]!
      return { sample, view: 'plain', spans: [[0, length]], labels: [[1, length]] }
    })
    const labels = rows.reduce((sum, { sample }) => sum + lengths[sample]! - 1, 0)
    labelPositions += labels
    const microBatch = { dataset: 0, crossEntropyScale: 1 / labels, distillScale: 0, rows }
    const planned = {
      step,
      epoch: part[0]!.epoch,
      learningRate: learningRateAt(step, steps),
      maskRate: 0,
      microBatches: [microBatch],
    }
    lines.push(JSON.stringify(planned))
  }
  return { lines: `${lines.join('\n')}\n`, steps, labelPositions }
}

/** Linear warm-up, then a cosine to a tenth of the peak. */
function learningRateAt(step: number, steps: number): number {
  const { learningRate, warmupSteps } = recipe
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps
  const done = (step - warmupSteps) / Math.max(1, steps - warmupSteps)
  return learningRate * (0.1 + 0.45 * (1 + Math.cos(Math.PI * done)))
}

/** The trained weights with the tokenizer as it was before training. */
async function publish(start: string, trained: string, out: string): Promise<void> {
  await mkdir(out, { recursive: true })
  for (const name of ['config.json', 'model.safetensors']) {
    await cp(join(trained, name), join(out, name))
  }
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    await cp(join(start, name), join(out, name))
  }
}

function report(started: number) {
  return (step: number, note?: string) => {
    if (step % 20 === 0) {
      console.error(`step ${step}, ${note}, ${Math.round((Date.now() - started) / 1000)} s`)
    }
  }
}

await main()
