import { addRow, gatherRows } from './head-runner.ts'
import {
  addCrossEntropy,
  addDivergence,
  factorOf,
  type ObjectiveFactors,
  type ObjectiveSums,
} from './objective-sums.ts'
import type { DistilledPosition, LabelledPosition } from './pack-step.ts'
import { bothViews } from './term-feeds.ts'

/** Positions that are computed together. */
export interface HeadPositions {
  readonly labelled: readonly LabelledPosition[]
  readonly distilled: readonly DistilledPosition[]
}

/**
 * Rows of the softmax. Everything that the objective and its gradients need of a row's distribution
 * p over the vocabulary is the logarithm of its normaliser and its mean row of the output matrix W,
 * mix = Σ pᵥ·Wᵥ, because logits are linear in W:
 *
 * - KL(p ‖ q) of rows x and z is mix_p · (x − z) − log Z_p + log Z_q;
 * - d loss / d x is made of mixes and of rows of W;
 * - d loss / d W is Σ p ⊗ pull over the rows, less a row of x for each label, where `pull` is a
 *   combination of rows of x: what a distribution pulls at, with the weight that it has in the loss.
 */
export interface HeadRows {
  readonly count: number
  /** [count, hidden]; rows for another temperature are divided by it. */
  readonly x: Float32Array
  readonly pull: Float32Array
  /** Place in the hidden states, label and factor of −log p(label) of the first rows. */
  readonly entropies: readonly { place: number; label: number; factor: number }[]
  readonly pairs: readonly HeadPair[]
}

interface HeadPair {
  /** Rows of both distributions at the temperature. */
  readonly teacher: number
  readonly student: number
  /** Place of the student in the hidden states. */
  readonly place: number
  /** Factor of the KL in the loss. */
  readonly factor: number
}

export function arrangeRows(
  { labelled, distilled }: HeadPositions,
  normal: Float32Array,
  placeOf: (token: number) => number,
  width: number,
  temperature: number,
  factors: ObjectiveFactors,
): HeadRows {
  const both = bothViews(distilled)
  const entropies = [...labelled, ...both].map(({ index, label, scale, view }) => ({
    place: placeOf(index),
    label,
    factor: scale * factorOf(factors, view),
  }))
  const own = temperature === 1 ? labelled.length : entropies.length
  const pairs = distilled.map(({ student, scale }, index) => ({
    teacher: own + index,
    student: own + distilled.length + index,
    place: placeOf(student.index),
    factor: scale * factors.klDivergence,
  }))
  const extra = temperature === 1 ? [] : both.map(({ index }) => placeOf(index))
  const x = gatherRows(normal, [...entropies.map(({ place }) => place), ...extra], width)
  const first = entropies.length * width
  for (let i = first; i < x.length; i++) x[i]! /= temperature
  const pull = new Float32Array(x.length)
  entropies.forEach(({ factor }, row) => {
    if (factor !== 0) addRow(pull, row, x, row, width, factor)
  })
  for (const { teacher, student, place, factor } of pairs) {
    addRow(pull, student, normal, place, width, factor / temperature)
    addRow(pull, teacher, normal, place, width, -factor / temperature)
  }
  return { count: x.length / width, x, pull, entropies, pairs }
}

/** What was computed of the distributions of rows. */
export interface HeadMixes {
  /** [count], logarithms of the normalisers. */
  readonly logNormal: Float64Array
  /** [count, hidden] */
  readonly mix: Float32Array
}

/** Adds the terms of the rows to `objective`. */
export function addTerms(
  objective: ObjectiveSums,
  { labelled, distilled }: HeadPositions,
  { x, entropies, pairs }: HeadRows,
  { logNormal, mix }: HeadMixes,
  matrix: Float32Array,
  factors: ObjectiveFactors,
): void {
  const width = x.length / logNormal.length
  const nll = Float64Array.from(entropies, ({ label, factor }, row) =>
    factor === 0 && label === 0 ? 0 : logNormal[row]! - dot(x, row, matrix, label, width),
  )
  const kl = Float64Array.from(pairs, ({ teacher, student }) => {
    const difference = logNormal[student]! - logNormal[teacher]!
    return dot(mix, teacher, x, teacher, width) - dot(mix, teacher, x, student, width) + difference
  })
  addCrossEntropy(objective, [...labelled, ...bothViews(distilled)], nll, factors)
  addDivergence(objective, distilled, kl, factors)
}

/** Adds d loss / d normal, [places, hidden]. */
export function addNormalGradient(
  dNormal: Float32Array,
  { count, entropies, pairs }: HeadRows,
  { mix }: HeadMixes,
  matrix: Float32Array,
  temperature: number,
): void {
  const width = mix.length / count
  entropies.forEach(({ place, label, factor }, row) => {
    if (factor === 0) return
    addRow(dNormal, place, mix, row, width, factor)
    addRow(dNormal, place, matrix, label, width, -factor)
  })
  for (const { teacher, student, place, factor } of pairs) {
    addRow(dNormal, place, mix, student, width, factor / temperature)
    addRow(dNormal, place, mix, teacher, width, -factor / temperature)
  }
}

/** Row `i` of `a` times row `j` of `b`, in double precision. */
function dot(a: Float32Array, i: number, b: Float32Array, j: number, width: number): number {
  const [left, right] = [i * width, j * width]
  let sum = 0
  for (let column = 0; column < width; column++) sum += a[left + column]! * b[right + column]!
  return sum
}
