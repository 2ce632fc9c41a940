import { toInt64 } from '../../../../nn/models/index.ts'
import type { HostTensor } from '../../../../nn/runtime/index.ts'
import { factorOf, type ObjectiveFactors } from './objective-sums.ts'
import type { DistilledPosition, LabelledPosition } from './pack-step.ts'

/** Feeds of `crossEntropyTerm`. */
export function labelledFeeds(
  positions: readonly LabelledPosition[],
  factors: ObjectiveFactors,
): Record<string, HostTensor> {
  return {
    label: labels(positions),
    scale: column(positions.map((p) => p.scale * factorOf(factors, p.view))),
  }
}

/** Feeds of `distillTerm`. */
export function pairedFeeds(
  pairs: readonly DistilledPosition[],
  factors: ObjectiveFactors,
): Record<string, HostTensor> {
  const both = bothViews(pairs)
  return {
    pairLabel: labels(both),
    pairScale: column(both.map((p) => p.scale * factorOf(factors, p.view))),
    distillScale: column(pairs.map(({ scale }) => scale * factors.klDivergence)),
  }
}

/** The teacher's positions, then the student's. */
export function bothViews(pairs: readonly DistilledPosition[]): LabelledPosition[] {
  return [...pairs.map(({ teacher }) => teacher), ...pairs.map(({ student }) => student)]
}

/** Indices as an int64 vector. */
export function indexVector(values: readonly number[]): HostTensor {
  return { data: toInt64(values), shape: [values.length] }
}

const labels = (positions: readonly LabelledPosition[]): HostTensor => ({
  data: toInt64(positions.map(({ label }) => label)),
  shape: [positions.length, 1],
})

const column = (values: readonly number[]): HostTensor => ({
  data: Float32Array.from(values),
  shape: [values.length, 1],
})
