/** A stretch of packed tokens that is one sequence. */
export interface PackedRow {
  /** Index of the first token. */
  readonly start: number
  readonly length: number
}

/**
 * Puts rows of like length together, so that attention runs over few batches with little padding.
 *
 * @param largestScores upper bound for batch · length² of a group of several rows
 */
export function groupRows(rows: readonly PackedRow[], largestScores: number): PackedRow[][] {
  const sorted = [...rows].sort((a, b) => b.length - a.length || a.start - b.start)
  const groups: PackedRow[][] = []
  let group: PackedRow[] = []
  let useful = 0
  for (const row of sorted) {
    const longest = group[0]?.length ?? row.length
    const padded = (group.length + 1) * longest ** 2
    const fits = padded <= largestScores && padded <= 1.25 * (useful + row.length ** 2)
    if (group.length > 0 && !fits) {
      groups.push(group)
      group = []
      useful = 0
    }
    group.push(row)
    useful += row.length ** 2
  }
  if (group.length > 0) groups.push(group)
  return groups
}

/** Copies rows of a packed matrix into [rows, length, width], zero where a row is shorter. */
export function padRows(packed: Float32Array, width: number, group: readonly PackedRow[]) {
  const length = group[0]!.length
  const shape = [group.length, length, width]
  if (group.length === 1) {
    const { start } = group[0]!
    return { shape, data: packed.subarray(start * width, (start + length) * width) }
  }
  const data = new Float32Array(group.length * length * width)
  group.forEach((row, index) => {
    const part = packed.subarray(row.start * width, (row.start + row.length) * width)
    data.set(part, index * length * width)
  })
  return { shape, data }
}

/** Copies the rows of [rows, length, width] back to their places. */
export function unpadRows(
  padded: Float32Array,
  width: number,
  group: readonly PackedRow[],
  packed: Float32Array,
): void {
  const length = group[0]!.length
  group.forEach((row, index) => {
    const from = index * length * width
    packed.set(padded.subarray(from, from + row.length * width), row.start * width)
  })
}
