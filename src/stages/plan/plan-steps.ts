import { type ArrangedMicroBatch, arrangeEpoch, type SampleRange } from './arrange-epoch.ts'
import type { PlannedStep } from './format.ts'
import type { PlanOptions } from './options.ts'
import { planRows } from './plan-rows.ts'
import type { SampleLayout } from './sample-layout.ts'
import { scaleLosses } from './scale-losses.ts'
import { learningRateAt, maskRateAt, microBatchRange, type Schedule } from './schedule.ts'

/** The tokenised samples that steps are made of. */
export interface SampleSource {
  datasets: readonly SampleRange[]
  isReflection(sample: number): boolean
  lengthOf(sample: number): number
  layoutOf(sample: number): Promise<SampleLayout>
}

/** Yields the steps of a run from step `from` on, one in memory at a time. */
export async function* planSteps(
  source: SampleSource,
  schedule: Schedule,
  options: Omit<PlanOptions, 'out' | 'model' | 'data'>,
  from = 0,
): AsyncGenerator<PlannedStep> {
  let arranged: { epoch: number; microBatches: ArrangedMicroBatch[] } | undefined
  for (let step = from; step < schedule.steps; step++) {
    const epoch = Math.floor(step / schedule.stepsPerEpoch)
    if (arranged?.epoch !== epoch) {
      const { microBatchSize, seed } = options
      const keys = { epoch, microBatchSize, seed }
      arranged = { epoch, microBatches: arrangeEpoch(source.datasets, source.lengthOf, keys) }
    }
    const maskRate = maskRateAt(step, schedule.steps, options.maskRate)
    const [start, end] = microBatchRange(schedule, step % schedule.stepsPerEpoch)
    const microBatches = []
    for (const { dataset, samples } of arranged.microBatches.slice(start, end)) {
      const rows = []
      for (const sample of samples) {
        const layout = await source.layoutOf(sample)
        const occurrence = { epoch, dataset, sample, reflection: source.isReflection(sample) }
        rows.push(...planRows(layout, occurrence, maskRate, options))
      }
      microBatches.push({ dataset, rows })
    }
    const learningRate = learningRateAt(step, schedule, options.learningRate)
    yield { step, epoch, learningRate, maskRate, microBatches: scaleLosses(microBatches, options) }
  }
}
