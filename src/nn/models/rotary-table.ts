import type { HostTensor } from '../runtime/index.ts'
import type { DecoderConfig } from './decoder-config.ts'

/**
 * Cosines and sines of the rotary angles, each [positions, 1, headSize / 2]. Angles are rounded to
 * float32 at every step as transformers computes them, because at position 4,000 an angle in double
 * precision differs from that by up to 2e-4.
 */
export function rotaryTable(
  { headSize, ropeTheta }: DecoderConfig,
  positions: ArrayLike<number>,
): { cosine: HostTensor<Float32Array>; sine: HostTensor<Float32Array> } {
  const half = headSize / 2
  const shape = [positions.length, 1, half]
  const cosine = new Float32Array(positions.length * half)
  const sine = new Float32Array(positions.length * half)
  const frequencies = Float32Array.from(
    { length: half },
    (_, index) => 1 / Math.fround(ropeTheta ** Math.fround((2 * index) / headSize)),
  )
  for (let row = 0; row < positions.length; row++) {
    for (let index = 0; index < half; index++) {
      const angle = Math.fround(positions[row]! * frequencies[index]!)
      cosine[row * half + index] = Math.cos(angle)
      sine[row * half + index] = Math.sin(angle)
    }
  }
  return { cosine: { data: cosine, shape }, sine: { data: sine, shape } }
}
