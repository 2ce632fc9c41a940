import type { DistilledPosition, LabelledPosition, View } from './pack-step.ts'

/** Sums over the positions of what was computed; `loss` carries the factors of the plan. */
export interface ObjectiveSums {
  loss: number
  crossEntropy: Record<View, { sum: number; positions: number }>
  klDivergence: { sum: number; positions: number }
}

/** Factors on the parts of the objective; 1 each in training. */
export interface ObjectiveFactors {
  readonly teacherCrossEntropy: number
  readonly studentCrossEntropy: number
  readonly klDivergence: number
}

export const everyFactor: ObjectiveFactors = {
  teacherCrossEntropy: 1,
  studentCrossEntropy: 1,
  klDivergence: 1,
}

export function emptySums(): ObjectiveSums {
  const none = () => ({ sum: 0, positions: 0 })
  return {
    loss: 0,
    crossEntropy: { teacher: none(), student: none(), plain: none() },
    klDivergence: none(),
  }
}

/** Adds `part` to `total`. */
export function addSums(total: ObjectiveSums, part: ObjectiveSums): void {
  total.loss += part.loss
  for (const view of ['teacher', 'student', 'plain'] as const) {
    total.crossEntropy[view].sum += part.crossEntropy[view].sum
    total.crossEntropy[view].positions += part.crossEntropy[view].positions
  }
  total.klDivergence.sum += part.klDivergence.sum
  total.klDivergence.positions += part.klDivergence.positions
}

/** Adds the negative log-likelihoods of positions; those without a label count for nothing. */
export function addCrossEntropy(
  total: ObjectiveSums,
  positions: readonly LabelledPosition[],
  nll: ArrayLike<number>,
  factors: ObjectiveFactors,
): void {
  positions.forEach(({ view, scale }, row) => {
    if (scale === 0) return
    const sums = total.crossEntropy[view]
    sums.sum += nll[row]!
    sums.positions += 1
    total.loss += scale * factorOf(factors, view) * nll[row]!
  })
}

/** Adds KL(teacher ‖ student) of pairs of positions. */
export function addDivergence(
  total: ObjectiveSums,
  pairs: readonly DistilledPosition[],
  kl: ArrayLike<number>,
  factors: ObjectiveFactors,
): void {
  pairs.forEach(({ scale }, row) => {
    total.klDivergence.sum += kl[row]!
    total.klDivergence.positions += 1
    total.loss += scale * factors.klDivergence * kl[row]!
  })
}

/** The factor on the cross-entropy of a view; plain samples are read as the teacher reads. */
export const factorOf = (factors: ObjectiveFactors, view: View) =>
  view === 'student' ? factors.studentCrossEntropy : factors.teacherCrossEntropy
