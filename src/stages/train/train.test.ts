import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../nn/models/index.ts'
import { createPlan, planOptionsSchema } from '../plan/index.ts'
import { type TrainOptions, trainOptionsSchema } from './options.ts'
import {
  addingDialog,
  killAfterCheckpoint,
  writeDialogs,
  writeSmallModel,
} from './small-training.fixture.ts'
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

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'train-'))
  const dialogs = Array.from({ length: 8 }, (_, index) => addingDialog(index))
  await writeDialogs(at('dialogs.jsonl'), dialogs)
  await writeSmallModel(
    at('model'),
    dialogs.map((dialog) => JSON.stringify(dialog)),
  )
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
