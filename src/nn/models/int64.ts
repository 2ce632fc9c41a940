/** Whole numbers as int64; the lower halves are written without making a BigInt of each. */
export function toInt64(values: ArrayLike<number>): BigInt64Array {
  const result = new BigInt64Array(values.length)
  const halves = new Int32Array(result.buffer)
  for (let i = 0; i < values.length; i++) {
    halves[2 * i] = values[i]!
    halves[2 * i + 1] = values[i]! < 0 ? -1 : 0
  }
  return result
}
