/** Rows that are kept free: one for each special token of a dialog, and one. */
const roomRows = 8

/** A matrix [rows, width] behind which new rows find room. */
export function allocateWithRoom(rows: number, width: number): Float32Array<ArrayBuffer> {
  return new Float32Array((rows + roomRows) * width).subarray(0, rows * width)
}

/** The same values with zeros behind, in the same memory where there is room. */
export function extendRows(values: Float32Array, length: number): Float32Array {
  const end = values.byteOffset + 4 * length
  if (end <= values.buffer.byteLength) {
    return new Float32Array(values.buffer, values.byteOffset, length)
  }
  const extended = new Float32Array(length)
  extended.set(values)
  return extended
}
