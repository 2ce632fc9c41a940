import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Progress } from '../../../core/index.ts'
import { openSafetensors } from '../../../nn/weights/index.ts'
import { createPlan, maskStrategies, planOptionsSchema } from '../../plan/index.ts'
import { computeObjective } from '../compute-objective.ts'
import { type LossOptions, lossOptionsSchema } from '../options.ts'
import { addingDialog, writeDialogs, writeSmallModel } from '../small-training.fixture.ts'
import { forecastLoss } from './forecast-loss.ts'
import { measureLoss } from './measure-loss.ts'

let folder: string
const at = (name: string) => join(folder, name)
const optionsFor = (more: Partial<LossOptions> = {}) =>
  lossOptionsSchema.parse({ model: at('model'), data: [at('dialogs.jsonl')], ...more })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'measure-loss-'))
  const dialogs = Array.from({ length: 4 }, (_, index) => addingDialog(index))
  const plain = { type: 'generation', messages: dialogs[0]!.messages.slice(2) }
  await writeDialogs(at('dialogs.jsonl'), [...dialogs, plain])
  await writeSmallModel(
    at('model'),
    dialogs.map((dialog) => JSON.stringify(dialog)),
  )
})
afterAll(() => rm(folder, { recursive: true }))

describe('the loss of a file', () => {
  it.each(maskStrategies)('is that of one planned step over it: %s', async (mask) => {
    const objective = { maskRate: 0.4, mask: [mask], seed: 5, klWeight: 0.7, temperature: 1.5 }
    const found = await measureLoss(
      optionsFor({ ...objective, gradients: at(`${mask}.gradients`) }),
    )
    const plan = at(`${mask}-plan`)
    const schedule = { maxSteps: 1, sequencesPerStep: 5 }
    const data = [at('dialogs.jsonl')]
    await createPlan(
      planOptionsSchema.parse({ data, model: at('model'), out: plan, ...schedule, ...objective }),
    )
    const planned = await computeObjective({ model: at('model'), plan })
    expect(Math.abs(found.loss - planned.loss) / planned.loss).toBeLessThan(1e-6)
    const file = await openSafetensors(at(`${mask}.gradients`))
    expect([...file.tensors.keys()].sort()).toEqual([...planned.gradients.keys()].sort())
    let squares = 0
    for (const [name, { data: expected }] of planned.gradients) {
      const gradient = await file.readFloat32(name)
      const scale = Math.max(...expected.map(Math.abs))
      gradient.forEach((value, index) => {
        squares += value ** 2
        expect(Math.abs(value - expected[index]!)).toBeLessThan(2e-6 * scale + 1e-9)
      })
    }
    await file.close()
    expect(found.gradientNorm).toBeCloseTo(Math.sqrt(squares), 6)
  })

  it('has the means over its samples, and of a plain one no student', async () => {
    const { samples, ...whole } = await measureLoss(optionsFor({ perSample: true }))
    expect(samples!.map(({ id, line }) => [id, line])).toEqual([
      ...[0, 1, 2, 3].map((index) => [`add-${index}`, index + 1]),
      [5, 5],
    ])
    const plain = samples![4]!
    expect(plain).toMatchObject({
      ...{ studentCrossEntropy: null, klDivergence: null },
      ...{ studentPositions: 0, distillationPositions: 0 },
    })
    expect(plain.loss).toBeCloseTo(plain.crossEntropy, 12)
    expect(plain.teacherCrossEntropy).toBe(plain.crossEntropy)
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    expect(whole.loss).toBeCloseTo(mean(samples!.map(({ loss }) => loss)), 12)
    const students = samples!.slice(0, 4)
    expect(whole.klDivergence).toBeCloseTo(mean(students.map((s) => s.klDivergence!)), 12)
    for (const sample of students) {
      const { teacherPositions: t, studentPositions: s } = sample
      const both = t * sample.teacherCrossEntropy + s * sample.studentCrossEntropy!
      expect(sample.crossEntropy).toBeCloseTo(both / (t + s), 10)
      expect(sample.loss).toBeCloseTo(sample.crossEntropy + sample.klDivergence!, 6)
    }
  })

  it('draws other masks with another seed', async () => {
    const lossOf = async (seed: number) =>
      (await measureLoss(optionsFor({ mask: ['random-token'], seed }))).loss
    expect(await lossOf(1)).toBe(await lossOf(1))
    expect(await lossOf(1)).not.toBe(await lossOf(2))
  })

  it('is the same with layers computed again', async () => {
    const [kept, again] = await Promise.all(
      (['keep', 'recompute'] as const).map((activations) =>
        measureLoss(optionsFor({ activations })),
      ),
    )
    expect(Math.abs(kept!.loss - again!.loss)).toBeLessThan(1e-6)
    expect(Math.abs(kept!.gradientNorm - again!.gradientNorm)).toBeLessThan(1e-5)
  })

  it('leaves samples out that are too long, and says so; all of them are refused', async () => {
    const { samples } = await measureLoss(optionsFor({ perSample: true }))
    const lengths = samples!.map(({ tokens }) => tokens)
    const maxLength = Math.max(...lengths) - 1
    const { data, samples: kept } = await measureLoss(optionsFor({ perSample: true, maxLength }))
    const expected = lengths.filter((tokens) => tokens <= maxLength)
    expect(kept!.map(({ tokens }) => tokens)).toEqual(expected)
    expect(data).toMatchObject([{ samples: expected.length, dropped: 5 - expected.length }])
    await expect(measureLoss(optionsFor({ maxLength: 8 }))).rejects.toMatchObject({
      ...{ code: 'RC_ALL_DROPPED', status: 2 },
    })
  })

  it('tells the memory that it will need, and refuses where there is less', async () => {
    const notes: string[] = []
    const progress: Progress = {
      start: (label) => ({ update: () => {}, finish: (note) => notes.push(`${label}: ${note}`) }),
    }
    const files = { out: at('refused.json'), gradients: at('refused.safetensors') }
    const refused = measureLoss(optionsFor(files), { memoryBytes: 64 * 2 ** 20 })
    await expect(refused).rejects.toMatchObject({
      ...{ code: 'RC_NOT_ENOUGH_MEMORY', status: 2 },
      message: expect.stringMatching(/need 0\.\d\d GiB of memory, .* has 0\.06 GiB free/),
      hint: expect.stringContaining('no value of --activations needs less than 0.'),
    })
    expect((await readdir(folder)).filter((name) => name.startsWith('refused'))).toEqual([])
    const known = { progress, memoryBytes: 2 ** 32 }
    await measureLoss(optionsFor(), known)
    expect(notes[0]).toMatch(/^memory: 0\.\d\d GiB of 4\.0 GiB at the peak$/)
  })

  it('is forecast without weights', async () => {
    await cp(at('model'), at('weightless'), { recursive: true })
    await rm(join(at('weightless'), 'model.safetensors'))
    const forecast = await forecastLoss(optionsFor({ model: at('weightless'), mask: ['all'] }))
    expect(forecast).toMatchObject({ samples: 5, data: [{ reflection: 4, plain: 1 }] })
    expect(forecast.tokensKept).toBeLessThan(forecast.tokens)
    expect(forecast.estimatedBytes).toBeGreaterThan(200 * 2 ** 20)
    expect(forecast.estimatedBytes).toBeLessThan(2 ** 30)
  })
})

describe('files of a loss', () => {
  it('are written on demand and never replaced without being asked', async () => {
    const files = { out: at('loss.json'), gradients: at('loss.safetensors') }
    const summary = await measureLoss(optionsFor(files))
    expect(JSON.parse(await readFile(files.out, 'utf8'))).toEqual(summary)
    await rm(files.out)
    const again = measureLoss(optionsFor(files))
    await expect(again).rejects.toMatchObject({ code: 'RC_OUTPUT_EXISTS', status: 2 })
    await measureLoss(optionsFor({ ...files, overwrite: true }))
    expect((await readdir(folder)).filter((name) => name.includes('.tmp-'))).toEqual([])
  })

  it('are not written when it is interrupted', async () => {
    const options = optionsFor({ out: at('never.json') })
    const stopped = measureLoss(options, { signal: AbortSignal.abort() })
    await expect(stopped).rejects.toMatchObject({ code: 'RC_INTERRUPTED', status: 130 })
    expect(await readdir(folder)).not.toContain('never.json')
  })
})
