import { createRandom } from '../../core/index.ts'
import type { PlannedRow } from './format.ts'
import { distillSpan, studentLabels, teacherLabels } from './labels.ts'
import type { PlanOptions } from './options.ts'
import type { SampleLayout } from './sample-layout.ts'
import { studentSpans } from './visibility.ts'

/** One sample in one pass over one listed file. */
export interface Occurrence {
  epoch: number
  dataset: number
  sample: number
  reflection: boolean
}

/** Settings of the objective that rows depend on. */
export type RowSettings = Pick<PlanOptions, 'mask' | 'blockOrder' | 'distillation' | 'seed'>

/**
 * The rows of an occurrence: one for a plain sample, teacher and student for a reflection. Draws are
 * keyed by the occurrence, so they do not depend on any other sample or on the order of work.
 */
export function planRows(
  layout: SampleLayout,
  { epoch, dataset, sample, reflection }: Occurrence,
  maskRate: number,
  settings: RowSettings,
): PlannedRow[] {
  const whole: Omit<PlannedRow, 'view'> = {
    sample,
    spans: [[0, layout.length]],
    labels: teacherLabels(layout),
  }
  if (!reflection) return [{ ...whole, view: 'plain' }]
  if (!settings.distillation) return [{ ...whole, view: 'teacher' }]
  const key = [epoch, dataset, sample]
  const strategy = createRandom(settings.seed, 'strategy', ...key).pick(settings.mask)
  const random = createRandom(settings.seed, 'mask', ...key)
  const { blockOrder } = settings
  const distill = distillSpan(layout)
  return [
    { ...whole, view: 'teacher', distill },
    {
      sample,
      view: 'student',
      strategy,
      spans: studentSpans(layout, strategy, { rate: maskRate, blockOrder, random }),
      labels: studentLabels(layout),
      distill,
    },
  ]
}
