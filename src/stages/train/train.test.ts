import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportModel, initialiseModel, loadModel } from '../../nn/models/index.ts'
import { trainTokenizer } from '../../nn/tokenizer/index.ts'
import { createPlan, planOptionsSchema } from '../plan/index.ts'
import { type TrainOptions, trainOptionsSchema } from './options.ts'
import { train } from './train.ts'

let folder: string
const at = (name: string) => join(folder, name)
const optionsFor = (out: string, more: Partial<TrainOptions> = {}) =>
  trainOptionsSchema.parse({
    model: at('model'),
    plan: at('plan'),
    out: at(out),
    checkpointEvery: 1,
    ...more,
  })

function dialog(index: number) {
  const block = (type: string, content: string) => ({ type, content })
  const user = (content: string) => ({ role: 'user', content: [block('text', content)] })
  const code = `def f(x):\n    return x + ${index}`
  return {
    type: 'reflection',
    messages: [
      user(`Add ${index} and test it.`),
      {
        role: 'assistant',
        content: [
          block('text', 'I try.'),
          block('code', `${code}\nprint(f(1))`),
          block('execution', `${index + 1}\n`),
          block('text', 'It works.'),
        ],
      },
      user(`Add ${index}.`),
      { role: 'assistant', content: [block('text', code)] },
    ],
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'train-'))
  const dialogs = Array.from({ length: 8 }, (_, index) => JSON.stringify(dialog(index)))
  await writeFile(at('dialogs.jsonl'), `${dialogs.join('\n')}\n`)
  await trainTokenizer({ texts: dialogs, folder: at('model'), vocabularySize: 300 })
  const config = {
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    vocab_size: 300,
    hidden_size: 32,
    intermediate_size: 48,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    tie_word_embeddings: true,
  }
  await exportModel(at('model'), initialiseModel(config, 1))
  await createPlan(
    planOptionsSchema.parse({
      data: [at('dialogs.jsonl')],
      model: at('model'),
      out: at('plan'),
      epochs: 4,
      sequencesPerStep: 2,
      learningRate: 1e-2,
    }),
  )
})
afterAll(() => rm(folder, { recursive: true }))

const bytesOf = (out: string) => readFile(join(at(out), 'model', 'model.safetensors'))

describe('train', () => {
  it('lowers the loss and writes a model with the seven tokens', async () => {
    const summary = await train(optionsFor('whole'))
    const lines = (await readFile(join(at('whole'), 'metrics.jsonl'), 'utf8')).trim().split('\n')
    const losses = lines.map((line) => JSON.parse(line).loss as number)
    expect(summary.steps).toBe(16)
    expect(losses).toHaveLength(16)
    expect(losses[15]).toBeLessThan(0.8 * losses[0]!)
    const { config } = await loadModel(summary.model!)
    expect(config.vocabularySize).toBe(307)
  })

  it('ends with the same bytes after SIGKILL at any moment and --resume', async () => {
    for (const delay of [0, 40, 170]) {
      const out = `killed-${delay}`
      await killAfterCheckpoint(optionsFor(out), delay)
      await train(optionsFor(out, { resume: true }))
      expect((await bytesOf(out)).equals(await bytesOf('whole')), out).toBe(true)
      const steps = (await readFile(join(at(out), 'metrics.jsonl'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).step)
      expect(steps).toEqual([...Array(16).keys()])
    }
  })

  it('stops at a signal with a checkpoint and goes on from it', async () => {
    const controller = new AbortController()
    const update = (done: number) => done === 5 && controller.abort()
    const progress = { start: () => ({ update, finish: () => {} }) }
    const stopped = train(optionsFor('stopped'), { progress, signal: controller.signal })
    await expect(stopped).rejects.toMatchObject({ code: 'RC_INTERRUPTED', status: 130 })
    await train(optionsFor('stopped', { resume: true }))
    expect((await bytesOf('stopped')).equals(await bytesOf('whole'))).toBe(true)
  })

  it('gives the same weights with activations recomputed', async () => {
    await train(optionsFor('recomputed', { activations: 'recompute' }))
    expect((await bytesOf('recomputed')).equals(await bytesOf('whole'))).toBe(true)
  })

  it('refuses an existing output, and a checkpoint of another plan', async () => {
    await expect(train(optionsFor('whole'))).rejects.toMatchObject({ code: 'RC_OUTPUT_EXISTS' })
    await createPlan(
      planOptionsSchema.parse({
        data: [at('dialogs.jsonl')],
        model: at('model'),
        out: at('other-plan'),
        epochs: 1,
        sequencesPerStep: 4,
      }),
    )
    const other = optionsFor('whole', { plan: at('other-plan'), resume: true })
    await expect(train(other)).rejects.toMatchObject({ code: 'RC_OTHER_PLAN', status: 2 })
  })
})

/** Trains in a process of its own and kills it some milliseconds after its first checkpoint. */
async function killAfterCheckpoint(options: TrainOptions, delayMs: number): Promise<void> {
  const module = new URL('./train.ts', import.meta.url).href
  const code = `import(${JSON.stringify(module)}).then((m) => m.train(${JSON.stringify(options)}))`
  const child = spawn(process.execPath, ['--import', 'tsx', '-e', code], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.on('exit', resolve))
  const checkpoints = join(options.out, 'checkpoints')
  for (let names: string[] = []; !names.some((name) => /^step-\d+$/.test(name)); ) {
    if (child.exitCode !== null) throw new Error(`training ended with ${child.exitCode}`)
    names = await readdir(checkpoints).catch(() => [])
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await new Promise((resolve) => setTimeout(resolve, delayMs))
  child.kill('SIGKILL')
  await ended
}
