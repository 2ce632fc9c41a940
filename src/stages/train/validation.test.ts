import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPlan, planOptionsSchema } from '../plan/index.ts'
import type { StepMetrics } from './engine.ts'
import { measureLoss } from './loss/measure-loss.ts'
import { lossOptionsSchema, type TrainOptions, trainOptionsSchema } from './options.ts'
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
    checkpointEvery: 5,
    validateEvery: 3,
    ...more,
  })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'validation-'))
  const dialogs = Array.from({ length: 12 }, (_, index) => addingDialog(index))
  const data = [await writeDialogs(at('dialogs.jsonl'), dialogs.slice(0, 8))]
  const plain = {
    type: 'generation',
    messages: dialogs[11]!.messages.slice(2),
  }
  const heldOut = [...dialogs.slice(8, 11), plain]
  const validation = [await writeDialogs(at('held-out.jsonl'), heldOut)]
  await writeSmallModel(
    at('model'),
    dialogs.map((dialog) => JSON.stringify(dialog)),
  )
  // So high a rate that the loss on other samples rises again.
  const schedule = { maxSteps: 16, sequencesPerStep: 2, learningRate: 6e-2 }
  const plan = { data, validation, model: at('model'), out: at('plan') }
  await createPlan(planOptionsSchema.parse({ ...plan, ...schedule }))
})
afterAll(() => rm(folder, { recursive: true }))

async function readMetrics(out: string): Promise<StepMetrics[]> {
  const text = await readFile(join(at(out), 'metrics.jsonl'), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as StepMetrics)
}

const validationsOf = (metrics: readonly StepMetrics[]) =>
  metrics.flatMap(({ step, validation }) => (validation ? [{ step, ...validation }] : []))

const lossOf = async (model: string, adapter?: string) => {
  const data = [at('held-out.jsonl')]
  const options = {
    ...{ model, data, maskRate: 1, perSample: true },
    ...(adapter ? { adapter } : {}),
  }
  return measureLoss(lossOptionsSchema.parse(options))
}

describe('validation while training', () => {
  it('gives the loss that the command loss gives of the same weights', async () => {
    const summary = await train(optionsFor('whole'))
    const validations = validationsOf(await readMetrics('whole'))
    expect(validations.map(({ step }) => step)).toEqual([2, 5, 8, 11, 14, 15])
    const last = validations.at(-1)!
    const measured = await lossOf(summary.model!)
    expect(Math.abs(last.loss - measured.loss) / measured.loss).toBeLessThan(1e-5)
    // Of every position the same weight, where the command gives means over samples.
    const students = measured.samples!.filter(({ studentPositions }) => studentPositions > 0)
    const sum = students.reduce(
      (total, sample) => total + sample.studentCrossEntropy! * sample.studentPositions,
      0,
    )
    expect(last.studentCrossEntropy).toBeCloseTo(sum / measured.studentPositions, 5)
    expect(last.tokens).toBeGreaterThan(0)
  })

  it('keeps the best checkpoint beside the last ones', async () => {
    const summary = await train(optionsFor('kept', { keepCheckpoints: 1 }))
    const validations = validationsOf(await readMetrics('kept'))
    const lowest = Math.min(...validations.map(({ loss }) => loss))
    const best = validations.find(({ loss }) => loss === lowest)!
    expect(best.step).toBeLessThan(15)
    expect(summary.best).toEqual({ step: best.step, validationLoss: best.loss })
    const folders = (await readdir(join(at('kept'), 'checkpoints'))).sort()
    const names = [best.step + 1, 15].map((done) => `step-${String(done).padStart(8, '0')}`)
    expect(folders).toEqual(names)
    expect(summary.lastStep!.validation!.loss).toBeGreaterThan(best.loss)
  })

  it('writes the best weights where they are asked for, also those of an adapter', async () => {
    for (const more of [{}, { loraRank: 4, loraDropout: 0.1 }]) {
      const out = `best-${Object.keys(more).length}`
      const summary = await train(optionsFor(out, { finalModel: 'best', ...more }))
      const { loss } = await lossOf(summary.model!)
      expect(Math.abs(loss - summary.best!.validationLoss) / loss).toBeLessThan(1e-5)
      if (summary.adapter === null) continue
      const beside = await lossOf(at('model'), summary.adapter)
      expect(Math.abs(beside.loss - loss) / loss).toBeLessThan(1e-5)
    }
  })

  it('does not change what is trained, and a killed run ends with the same bytes', async () => {
    const options = { finalModel: 'best', checkpointEvery: 1, validateEvery: 2 } as const
    const bytesOf = (out: string) => readFile(join(at(out), 'model', 'model.safetensors'))
    await train(optionsFor('straight', options))
    const withoutSeconds = async (out: string) =>
      (await readMetrics(out)).map(({ seconds: _, validation, ...metrics }) => ({
        ...metrics,
        validation: { ...validation, seconds: 0 },
      }))
    for (const delay of [0, 90, 250]) {
      const out = `killed-${delay}`
      await killAfterCheckpoint(optionsFor(out, options), delay)
      const summary = await train(optionsFor(out, { ...options, resume: true }))
      expect((await bytesOf(out)).equals(await bytesOf('straight')), out).toBe(true)
      expect(await withoutSeconds(out)).toEqual(await withoutSeconds('straight'))
      expect(summary.best).toMatchObject(JSON.parse(await readSummary('straight')).best)
    }
    const last = { ...options, finalModel: 'last' } as const
    await train(optionsFor('last', last))
    await train(optionsFor('rarely', { ...last, validateEvery: 16 }))
    expect((await bytesOf('rarely')).equals(await bytesOf('last'))).toBe(true)
  })

  it('is refused where the plan holds nothing out', async () => {
    const plan = { data: [at('dialogs.jsonl')], model: at('model'), out: at('bare-plan') }
    await createPlan(planOptionsSchema.parse({ ...plan, maxSteps: 1, sequencesPerStep: 1 }))
    for (const more of [{ validateEvery: 2 }, { validateEvery: 0, finalModel: 'best' as const }]) {
      const options = optionsFor('bare', { plan: at('bare-plan'), ...more })
      await expect(train(options)).rejects.toMatchObject({ code: 'RC_BAD_OPTION', status: 2 })
    }
  })
})

const readSummary = (out: string) => readFile(join(at(out), 'train.json'), 'utf8')
