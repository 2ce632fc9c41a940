import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openEventFile } from '../../src/stages/train/event-file.ts'
import type { StepMetrics } from '../../src/stages/train/index.ts'
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
})
