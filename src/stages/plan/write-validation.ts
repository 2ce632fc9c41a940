import { join } from 'node:path'
import { createAtomicWriter, InterruptedError } from '../../core/index.ts'
import type { CollectedData } from './collect-samples.ts'
import { countStep, emptyStepCounts, type StepCounts } from './count-steps.ts'
import { type MicroBatch, planFiles } from './format.ts'
import type { PlanOptions } from './options.ts'
import { planSample } from './plan-sample.ts'
import type { SpecialIds } from './sample-layout.ts'
import { scaleLosses } from './scale-losses.ts'
import { openSampleReader, type TokenStore } from './token-store.ts'

interface ValidationWork {
  options: PlanOptions
  data: CollectedData
  store: TokenStore
  specialIds: SpecialIds
}

/** Writes `validation.jsonl`, a micro-batch a line; without held-out files it is empty. */
export async function writeValidation(
  { options, data, store, specialIds }: ValidationWork,
  signal: AbortSignal | undefined,
): Promise<Omit<StepCounts, 'steps'>> {
  const samples = await openSampleReader(options.out, store)
  const writer = await createAtomicWriter(join(options.out, planFiles.validation))
  const settings = { ...options, maskRate: options.validationMaskRate }
  const planned: MicroBatch[] = []
  try {
    for (const [dataset, { first, samples: count }] of data.datasets.entries()) {
      for (let sample = first; sample < first + count; sample++) {
        if (signal?.aborted) throw new InterruptedError()
        const reflection = data.isReflection(sample)
        const occurrence = { epoch: 0, dataset, sample, reflection }
        planned.push(planSample(await samples.read(sample), specialIds, occurrence, settings))
      }
    }
    const microBatches = scaleLosses(planned, options)
    for (const microBatch of microBatches) await writer.write(`${JSON.stringify(microBatch)}\n`)
    await writer.commit()
    const counts = emptyStepCounts()
    countStep(counts, { microBatches }, store.lengthOf)
    const { steps: _, ...rest } = counts
    return rest
  } finally {
    await writer.discard()
    await samples.close()
  }
}
