import type { HostTensor } from '../runtime/index.ts'
import type { DecoderConfig } from './decoder-config.ts'
import { toInt64 } from './int64.ts'
import { type RotaryFrequencies, rotaryFrequencies } from './rope.ts'
import type { PackedRow } from './row-groups.ts'

/** Cosines and sines of the rotary angles, and the row of each token in them. */
export interface Rotation {
  /** int64 [1, tokens] */
  readonly positions: HostTensor
  /** [rows, headSize / 2] */
  readonly cosine: HostTensor<Float32Array>
  readonly sine: HostTensor<Float32Array>
}

export interface RotaryTable {
  /**
   * The rotation of packed tokens at these positions. Tables have no fewer rows than there are
   * tokens, as ONNX Runtime's RotaryEmbedding wants.
   */
  covering(positions: Int32Array, rows: readonly PackedRow[]): Rotation
}

/** Positions are added in steps of this many. */
const tableStep = 1024

/**
 * Makes tables when first needed. Angles are rounded to float32 at every step as transformers
 * computes them, because at position 4,000 an angle in double precision differs from that by up to
 * 2e-4. With dynamic scaling, tokens of a row that is longer than the model was made for get rows of
 * their own behind the table, because their frequencies depend on the length of the row.
 */
export function createRotaryTable({
  headSize,
  rope,
}: Pick<DecoderConfig, 'headSize' | 'rope'>): RotaryTable {
  const frequencies = rotaryFrequencies(rope, headSize, 0)
  const tableOf = (size: number) => angleTable(range(size), frequencies)
  let known = tableOf(tableStep)
  const usual = (positions: Int32Array) => {
    const last = positions.reduce((largest, position) => Math.max(largest, position), 0)
    const size = Math.ceil(Math.max(last + 1, positions.length) / tableStep) * tableStep
    if (size > known.cosine.shape[0]!) known = tableOf(size)
    return known
  }
  const limit =
    rope.scaling.type === 'dynamic' ? rope.scaling.originalPositions : Number.POSITIVE_INFINITY
  const lengthOf = (positions: Int32Array, { start, length }: PackedRow) =>
    positions[start + length - 1]! + 1

  return {
    covering(positions, rows) {
      const table = usual(positions)
      const long = rows.filter((row) => lengthOf(positions, row) > limit)
      if (long.length === 0) {
        return { positions: { data: toInt64(positions), shape: [1, positions.length] }, ...table }
      }
      const places = Int32Array.from(positions)
      const parts = [table]
      let end = table.cosine.shape[0]!
      for (const row of long) {
        const own = positions.subarray(row.start, row.start + row.length)
        const stretched = rotaryFrequencies(rope, headSize, lengthOf(positions, row))
        parts.push(angleTable(own, stretched))
        for (let token = 0; token < row.length; token++) places[row.start + token] = end + token
        end += row.length
      }
      return {
        positions: { data: toInt64(places), shape: [1, places.length] },
        cosine: joinRows(parts.map(({ cosine }) => cosine)),
        sine: joinRows(parts.map(({ sine }) => sine)),
      }
    },
  }
}

function angleTable(positions: Int32Array, { frequencies, scale }: RotaryFrequencies) {
  const half = frequencies.length
  const angles = Float32Array.from({ length: positions.length * half }, (_, index) => {
    return positions[Math.floor(index / half)]! * frequencies[index % half]!
  })
  const factor = Math.fround(scale)
  const shape = [positions.length, half]
  return {
    cosine: { data: angles.map((angle) => Math.fround(Math.cos(angle)) * factor), shape },
    sine: { data: angles.map((angle) => Math.fround(Math.sin(angle)) * factor), shape },
  }
}

function joinRows(parts: readonly HostTensor<Float32Array>[]): HostTensor<Float32Array> {
  const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0)
  const width = parts[0]!.shape[1]!
  const data = new Float32Array(rows * width)
  let at = 0
  for (const part of parts) {
    data.set(part.data, at)
    at += part.data.length
  }
  return { data, shape: [rows, width] }
}

const range = (size: number) => Int32Array.from({ length: size }, (_, index) => index)
