import type { PlanCounts, PlannedStep } from './format.ts'
import { countTargets } from './scale-losses.ts'
import { countPositions } from './spans.ts'

export type StepCounts = Omit<PlanCounts, 'samples' | 'dropped'>

export function emptyStepCounts(): StepCounts {
  return {
    steps: 0,
    microBatches: 0,
    rows: 0,
    tokens: 0,
    tokensKept: 0,
    labelPositions: 0,
    distillPositions: 0,
  }
}

/** Adds a step to the counts of a run; `lengthOf` gives the length of a sample in tokens. */
export function countStep(
  counts: StepCounts,
  { microBatches }: Pick<PlannedStep, 'microBatches'>,
  lengthOf: (sample: number) => number,
): void {
  counts.steps += 1
  counts.microBatches += microBatches.length
  for (const { rows } of microBatches) {
    const { labels, distilled } = countTargets(rows)
    counts.rows += rows.length
    counts.labelPositions += labels
    counts.distillPositions += distilled
    for (const { sample, spans } of rows) {
      counts.tokens += lengthOf(sample)
      counts.tokensKept += countPositions(spans)
    }
  }
}
