import type { MicroBatch } from './format.ts'
import { type Occurrence, planRows, type RowSettings } from './plan-rows.ts'
import { readLayout, type SpecialIds } from './sample-layout.ts'
import { scaleLosses } from './scale-losses.ts'

/** Settings of the objective of a single sample. */
export type SampleSettings = RowSettings & { readonly maskRate: number; readonly klWeight: number }

/** A sample as a micro-batch of its own, whose loss is that of the sample. */
export function planSample(
  ids: ArrayLike<number>,
  specialIds: SpecialIds,
  occurrence: Occurrence,
  settings: SampleSettings,
): MicroBatch {
  const rows = planRows(readLayout(ids, specialIds), occurrence, settings.maskRate, settings)
  const microBatch = { dataset: occurrence.dataset, rows }
  return scaleLosses([microBatch], { ...settings, lossWeighting: 'micro-batch' })[0]!
}
