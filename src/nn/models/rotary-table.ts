import type { HostTensor } from '../runtime/index.ts'
import type { DecoderConfig } from './decoder-config.ts'

export interface RotaryTable {
  /**
   * Cosines and sines, each [rows, headSize / 2], row i those of position i: enough for these
   * positions, and no fewer rows than positions, as ONNX Runtime's RotaryEmbedding wants.
   */
  covering(positions: Int32Array): {
    cosine: HostTensor<Float32Array>
    sine: HostTensor<Float32Array>
  }
}

/** Positions are added in steps of this many. */
const tableStep = 1024

/**
 * Cosines and sines of the rotary angles, made when first needed. Angles are rounded to float32 at
 * every step as transformers computes them, because at position 4,000 an angle in double precision
 * differs from that by up to 2e-4.
 */
export function createRotaryTable({ headSize, ropeTheta }: DecoderConfig): RotaryTable {
  const half = headSize / 2
  const frequencies = Float32Array.from(
    { length: half },
    (_, index) => 1 / Math.fround(ropeTheta ** Math.fround((2 * index) / headSize)),
  )
  const tableOf = (positions: number) => {
    const angles = Float32Array.from({ length: positions * half }, (_, index) => {
      return Math.floor(index / half) * frequencies[index % half]!
    })
    const shape = [positions, half]
    return {
      cosine: { data: angles.map(Math.cos), shape },
      sine: { data: angles.map(Math.sin), shape },
    }
  }
  let known = tableOf(tableStep)
  return {
    covering(positions) {
      const last = positions.reduce((largest, position) => Math.max(largest, position), 0)
      const size = Math.ceil(Math.max(last + 1, positions.length) / tableStep) * tableStep
      if (size > known.cosine.shape[0]!) known = tableOf(size)
      return known
    },
  }
}
