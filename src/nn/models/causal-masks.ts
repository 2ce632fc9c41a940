import type { HostTensor } from '../runtime/index.ts'

/** Masks for queries [start, end) over keys [0, end): 0 where a key may be seen, −∞ elsewhere. */
export interface CausalMasks {
  /**
   * [(end − start) · rowsPerQuery, end]
   *
   * @param window keys that a query sees, its own included
   */
  get(start: number, end: number, window: number): HostTensor<Float32Array>
}

/** Masks kept at most, in float32 elements (64 MiB); all are dropped when there are more. */
const keptElements = 16 * 2 ** 20

/** @param rowsPerQuery neighbouring rows of scores that belong to one query */
export function createCausalMasks(rowsPerQuery: number): CausalMasks {
  const known = new Map<string, HostTensor<Float32Array>>()
  let elements = 0
  return {
    get(start, end, window) {
      const key = `${start}:${end}:${Math.min(window, end)}`
      const found = known.get(key)
      if (found) return found
      const mask = createMask(start, end, rowsPerQuery, window)
      elements += mask.data.length
      if (elements > keptElements) {
        known.clear()
        elements = mask.data.length
      }
      known.set(key, mask)
      return mask
    },
  }
}

function createMask(
  start: number,
  end: number,
  rowsPerQuery: number,
  window: number,
): HostTensor<Float32Array> {
  const rows = (end - start) * rowsPerQuery
  const data = new Float32Array(rows * end)
  for (let row = 0; row < rows; row++) {
    const query = start + Math.floor(row / rowsPerQuery)
    data.fill(Number.NEGATIVE_INFINITY, row * end + query + 1, (row + 1) * end)
    const first = Math.max(0, query - window + 1)
    data.fill(Number.NEGATIVE_INFINITY, row * end, row * end + first)
  }
  return { data, shape: [rows, end] }
}
