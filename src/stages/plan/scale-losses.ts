import type { MicroBatch, PlannedRow } from './format.ts'
import { countPositions } from './spans.ts'

/**
 * Scales the losses of a step. `micro-batch`: each micro-batch gives its mean cross-entropy plus the
 * weighted mean KL, and the step is the mean over micro-batches, as published. `token`: the same
 * means are taken over the whole step, so every position weighs the same.
 */
export function scaleLosses(
  microBatches: readonly { dataset: number; rows: PlannedRow[] }[],
  { lossWeighting, klWeight }: { lossWeighting: 'micro-batch' | 'token'; klWeight: number },
): MicroBatch[] {
  const counts = microBatches.map(({ rows }) => countTargets(rows))
  const whole = {
    labels: counts.reduce((sum, { labels }) => sum + labels, 0),
    distilled: counts.reduce((sum, { distilled }) => sum + distilled, 0),
  }
  const parts = lossWeighting === 'token' ? 1 : microBatches.length
  return microBatches.map(({ dataset, rows }, index) => {
    const { labels, distilled } = lossWeighting === 'token' ? whole : counts[index]!
    return {
      dataset,
      crossEntropyScale: 1 / labels / parts,
      distillScale: counts[index]!.distilled === 0 ? 0 : klWeight / distilled / parts,
      rows,
    }
  })
}

/** Label targets of all rows, and distilled positions, each counted once for both views. */
export function countTargets(rows: readonly PlannedRow[]): { labels: number; distilled: number } {
  let labels = 0
  let distilled = 0
  for (const { view, labels: spans, distill } of rows) {
    labels += countPositions(spans)
    if (view === 'student' && distill !== undefined) distilled += distill[1] - distill[0]
  }
  return { labels, distilled }
}
