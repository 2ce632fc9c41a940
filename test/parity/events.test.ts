import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createPlan, planOptionsSchema } from '../../src/stages/plan/index.ts'
import { openEventFile } from '../../src/stages/train/event-file.ts'
import type { StepMetrics } from '../../src/stages/train/index.ts'
import { trainOptionsSchema } from '../../src/stages/train/options.ts'
import {
  addingDialog,
  killAfterCheckpoint,
  writeDialogs,
  writeSmallModel,
} from '../../src/stages/train/small-training.fixture.ts'
import { train } from '../../src/stages/train/train.ts'
import { describeParity, runPython } from './python.ts'

const metricsOf = (step: number, more: Partial<StepMetrics> = {}): StepMetrics => ({
  step,
  epoch: 0,
  learningRate: 1e-5 * (step + 1),
  maskRate: 0.5,
  loss: 2 / (step + 1),
  crossEntropy: 1.5,
  teacherCrossEntropy: 1.25,
  studentCrossEntropy: 1.75,
  klDivergence: 0.25,
  gradientNorm: 3,
  tokens: 100,
  seconds: 0.5,
  ...more,
})

describeParity('event files, read by TensorBoard', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rc-events-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('hold every step once, also after a run was resumed', async () => {
    const first = await openEventFile(folder, 0)
    for (const step of [0, 1, 2, 3]) await first.write(metricsOf(step))
    await first.close()
    const validation = { ...metricsOf(3), loss: 9, studentCrossEntropy: null }
    const second = await openEventFile(folder, 2)
    await second.write(metricsOf(2, { loss: 7 }))
    const nothing = { klDivergence: null, studentCrossEntropy: null }
    await second.write(metricsOf(3, { loss: 8, ...nothing, validation }))
    await second.close()

    const read = JSON.parse(await runPython('read_events.py', [folder]))
    expect(read.loss).toEqual([
      [0, 2],
      [1, 1],
      [2, 7],
      [3, 8],
    ])
    expect(read.klDivergence).toEqual([0, 1, 2].map((step) => [step, 0.25]))
    expect(read.tokensPerSecond[0]).toEqual([0, 200])
    expect(read.learningRate[3]).toEqual([3, Math.fround(4e-5)])
    expect(read['validation/loss']).toEqual([[3, 9]])
    expect(read['validation/crossEntropy/teacher']).toEqual([[3, 1.25]])
    expect(Object.keys(read).sort()).toEqual([
      ...['crossEntropy/all', 'crossEntropy/student', 'crossEntropy/teacher', 'gradientNorm'],
      ...['klDivergence', 'learningRate', 'loss', 'maskRate', 'tokensPerSecond'],
      ...['validation/crossEntropy/all', 'validation/crossEntropy/teacher'],
      ...['validation/klDivergence', 'validation/loss'],
    ])
  })

  it('hold every step of a run with validation that was killed and resumed', async () => {
    const at = (name: string) => join(folder, name)
    const dialogs = Array.from({ length: 8 }, (_, index) => addingDialog(index))
    const data = [await writeDialogs(at('dialogs.jsonl'), dialogs.slice(0, 6))]
    const validation = [await writeDialogs(at('held-out.jsonl'), dialogs.slice(6))]
    const texts = dialogs.map((dialog) => JSON.stringify(dialog))
    await writeSmallModel(at('model'), texts)
    const planned = { data, validation, model: at('model'), out: at('plan') }
    const size = { maxSteps: 16, sequencesPerStep: 2 }
    await createPlan(planOptionsSchema.parse({ ...planned, ...size }))
    const paths = { model: at('model'), plan: at('plan'), out: at('out') }
    // Steps after the last checkpoint are lost with the process and computed again.
    const rhythm = { checkpointEvery: 3, validateEvery: 2 }
    const options = trainOptionsSchema.parse({ ...paths, ...rhythm })
    await killAfterCheckpoint(options, 60)
    const before = await stepsIn(at('out'))
    expect(before).toBeLessThan(16)
    await train({ ...options, resume: true })

    const files = (await readdir(at('out'))).filter((name) => name.includes('tfevents'))
    expect(files).toHaveLength(2)
    const read = JSON.parse(await runPython('read_events.py', [at('out')]))
    const lines = (await readFile(at('out/metrics.jsonl'), 'utf8')).trim().split('\n')
    const metrics = lines.map((line) => JSON.parse(line) as StepMetrics)
    const rounded = (step: number, value: number) => [step, Math.fround(value)]
    expect(metrics.map(({ step }) => step)).toEqual([...Array(16).keys()])
    expect(read.loss).toEqual(metrics.map(({ step, loss }) => rounded(step, loss)))
    const measured = metrics.flatMap(({ step, validation: held }) =>
      held ? [rounded(step, held.loss)] : [],
    )
    expect(measured.length).toBeGreaterThanOrEqual(8)
    expect(read['validation/loss']).toEqual(measured)
    for (const [tag, events] of Object.entries<[number, number][]>(read)) {
      const steps = events.map(([step]) => step)
      expect(steps, tag).toEqual([...new Set(steps)].sort((first, second) => first - second))
    }
  }, 60_000)
})

/** Steps that a run has noted. */
const stepsIn = async (out: string) =>
  (await readFile(join(out, 'metrics.jsonl'), 'utf8')).split('\n').length - 1
