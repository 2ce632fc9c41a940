import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arrangeEpoch, countMicroBatches } from './arrange-epoch.ts'
import type { PlannedRow } from './format.ts'
import { scaleLosses } from './scale-losses.ts'
import { learningRateAt, maskRateAt, microBatchRange, resolveSchedule } from './schedule.ts'

describe('the learning rate', () => {
  const schedule = { steps: 110, warmupSteps: 10 }
  test('begins at 0, rises by k/w, reaches its peak after the warm-up and falls by a cosine', () => {
    expect(learningRateAt(0, schedule, 5e-5)).toBe(0)
    expect(learningRateAt(3, schedule, 5e-5)).toBe((5e-5 * 3) / 10)
    expect(learningRateAt(10, schedule, 5e-5)).toBe(5e-5)
    expect(learningRateAt(60, schedule, 5e-5)).toBeCloseTo(2.5e-5, 15)
    expect(learningRateAt(110, schedule, 5e-5)).toBe(0)
  })

  test('has its peak at once without a warm-up', () => {
    expect(learningRateAt(0, { steps: 1, warmupSteps: 0 }, 1)).toBe(1)
  })
})

test('the mask rate grows to 1 in the last step, or is the given one', () => {
  expect(maskRateAt(0, 4)).toBe(0.25)
  expect(maskRateAt(3, 4)).toBe(1)
  expect(maskRateAt(2, 4, 0.5)).toBe(0.5)
  expect(maskRateAt(2, 4, 0)).toBe(0)
})

describe('the number of steps', () => {
  const options = { sequencesPerStep: 512, microBatchSize: 1, epochs: 2, warmupRatio: 0.05 }
  test.each([
    [1024, {}, 4, 1],
    [1025, {}, 6, 1],
    [20, {}, 2, 1],
    [1024, { epochs: 0.5 }, 1, 1],
    [1024, { epochs: 1.2 }, 3, 1],
    [1024, { maxSteps: 41 }, 41, 3],
    [512, { microBatchSize: 2 }, 4, 1],
    [1024, { warmupRatio: 0 }, 4, 0],
  ])('of %i micro-batches with %o is %i', (microBatches, changes, steps, warmupSteps) => {
    const schedule = resolveSchedule(microBatches, { ...options, ...changes })
    expect(schedule).toMatchObject({ steps, warmupSteps })
  })

  test('steps of an epoch take all its micro-batches and differ by one at most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 600 }),
        (n, size) => {
          const schedule = resolveSchedule(n, { ...options, sequencesPerStep: size })
          const ranges = Array.from({ length: schedule.stepsPerEpoch }, (_, step) =>
            microBatchRange(schedule, step),
          )
          expect(ranges[0]![0]).toBe(0)
          expect(ranges.at(-1)![1]).toBe(n)
          for (const [index, [start]] of ranges.slice(1).entries()) {
            expect(start).toBe(ranges[index]![1])
          }
          const sizes = ranges.map(([start, end]) => end - start)
          expect(Math.max(...sizes)).toBeLessThanOrEqual(size)
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
        },
      ),
    )
  })
})

describe('the order of an epoch', () => {
  const lengthOf = (sample: number) => 10 + ((sample * 7919) % 501)
  const counts = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 4 })

  test('holds every sample of every file once, one file a micro-batch', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 7 }), (sizes, microBatchSize) => {
        const datasets = sizes.map((count, index) => ({
          first: sizes.slice(0, index).reduce((sum, size) => sum + size, 0),
          count,
        }))
        const settings = { epoch: 1, microBatchSize, seed: 5 }
        const arranged = arrangeEpoch(datasets, lengthOf, settings)
        expect(arranged).toHaveLength(countMicroBatches(datasets, microBatchSize))
        for (const [dataset, { first, count }] of datasets.entries()) {
          const samples = arranged
            .filter((batch) => batch.dataset === dataset)
            .map((b) => b.samples)
          const all = samples.flat().sort((a, b) => a - b)
          expect(all).toEqual(Array.from({ length: count }, (_, index) => first + index))
          const full = samples.filter((part) => part.length === microBatchSize)
          expect(full).toHaveLength(Math.floor(count / microBatchSize))
        }
        expect(arrangeEpoch(datasets, lengthOf, settings)).toEqual(arranged)
      }),
    )
  })

  test('puts samples of like length together and changes from pass to pass', () => {
    const datasets = [{ first: 0, count: 400 }]
    const arrange = (epoch: number) =>
      arrangeEpoch(datasets, lengthOf, { epoch, microBatchSize: 8, seed: 5 })
    const spread = arrange(0).map(({ samples }) => {
      const lengths = samples.map(lengthOf)
      return Math.max(...lengths) - Math.min(...lengths)
    })
    const mean = spread.reduce((sum, value) => sum + value, 0) / spread.length
    expect(mean).toBeLessThan(100) // about 390 without grouping
    expect(arrange(1)).not.toEqual(arrange(0))
  })
})

describe('the scales of the losses', () => {
  const row = (view: PlannedRow['view'], labels: number, distilled?: number): PlannedRow => ({
    sample: 0,
    view,
    spans: [[0, 100]],
    labels: [[1, 1 + labels]],
    ...(distilled === undefined ? {} : { distill: [50, 50 + distilled] }),
  })
  const batches = [
    { dataset: 0, rows: [row('teacher', 30, 10), row('student', 10, 10)] },
    { dataset: 1, rows: [row('plain', 20)] },
  ]

  test('average micro-batches, as published', () => {
    const scaled = scaleLosses(batches, { lossWeighting: 'micro-batch', klWeight: 0.5 })
    expect(scaled).toMatchObject([
      { dataset: 0, crossEntropyScale: 1 / 40 / 2, distillScale: 0.5 / 10 / 2 },
      { dataset: 1, crossEntropyScale: 1 / 20 / 2, distillScale: 0 },
    ])
  })

  test('average positions of the step when weighted by token', () => {
    const scaled = scaleLosses(batches, { lossWeighting: 'token', klWeight: 2 })
    expect(scaled).toMatchObject([
      { crossEntropyScale: 1 / 60, distillScale: 2 / 10 },
      { crossEntropyScale: 1 / 60, distillScale: 0 },
    ])
  })
})
