import type { Parameters } from '../../../../nn/models/index.ts'
import type { ObjectiveSums } from './objective-sums.ts'
import type { Pack } from './pack-step.ts'

/**
 * Computes the objective on hidden states after the last layer, and its gradient.
 *
 * @param hidden [chosen tokens, hidden], before the final norm
 * @param placeOf row of a token of the pack in `hidden`
 * @returns the terms, and d loss / d hidden
 */
export type HeadRunner = (
  pack: Pack,
  hidden: Float32Array,
  placeOf: (token: number) => number,
  sums: Parameters,
) => Promise<{ objective: ObjectiveSums; dHidden: Float32Array }>

/** Rows `places` of a matrix of this width. */
export function gatherRows(
  rows: Float32Array,
  places: readonly number[],
  width: number,
): Float32Array {
  const result = new Float32Array(places.length * width)
  places.forEach((place, index) => {
    result.set(rows.subarray(place * width, (place + 1) * width), index * width)
  })
  return result
}

/** Adds `factor` times row `row` of `from` to row `place` of `target`. */
export function addRow(
  target: Float32Array,
  place: number,
  from: Float32Array,
  row: number,
  width: number,
  factor = 1,
): void {
  const [to, at] = [place * width, row * width]
  for (let column = 0; column < width; column++) {
    target[to + column]! += factor * from[at + column]!
  }
}
