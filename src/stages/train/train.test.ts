import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashFile, type Progress, silentProgress } from '../../core/index.ts'
import { loadModel } from '../../nn/models/index.ts'
import { createPlan, planOptionsSchema, readPlan } from '../plan/index.ts'
import type { Engine } from './engine.ts'
import { runInThread } from './engines/onnx/engine-thread.ts'
import { onnxEngine } from './engines/onnx/onnx-engine.ts'
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

  it('tells the memory that it will need, and refuses a run that has less', async () => {
    const notes: string[] = []
    const progress: Progress = {
      start: (label) => ({ update: () => {}, finish: (note) => notes.push(`${label}: ${note}`) }),
    }
    const memoryBytes = 64 * 2 ** 20
    const refused = train(optionsFor('refused'), { progress, memoryBytes })
    await expect(refused).rejects.toMatchObject({
      code: 'RC_NOT_ENOUGH_MEMORY',
      status: 2,
      message: expect.stringMatching(/needs 0\.\d\d GiB of memory, .* has 0\.06 GiB free/),
      hint: expect.stringContaining('no option needs less than 0.'),
    })
    await expect(access(at('refused'))).rejects.toMatchObject({ code: 'ENOENT' })
    await train(optionsFor('predicted'), { progress, memoryBytes: 2 ** 32 })
    expect(notes[0]).toMatch(/^memory: 0\.\d\d GiB of 4\.0 GiB at the peak$/)
  })

  it('leaves this thread free while the engine runs in its own, with the same weights', async () => {
    const planHash = await hashFile(join(at('plan'), 'manifest.json'))
    /** Share of the time in steps for which this thread was busy. */
    const drive = async (engine: Engine, out: string) => {
      const plan = await readPlan(at('plan'))
      const options = optionsFor(out, { threads: 1, checkpointEvery: 1000 })
      const request = { options, plan, planHash, progress: silentProgress, keptBytes: 0 }
      let busy = performance.eventLoopUtilization()
      for await (const event of engine(request)) {
        if (event.type === 'resume') busy = performance.eventLoopUtilization()
      }
      await plan.close()
      return performance.eventLoopUtilization(busy).utilization
    }
    const here = await drive(onnxEngine, 'here')
    const apart = await drive(runInThread, 'apart')
    expect((await bytesOf('apart')).equals(await bytesOf('here'))).toBe(true)
    expect(here).toBeGreaterThan(0.7)
    expect(apart).toBeLessThan(0.3)
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
