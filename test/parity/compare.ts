import { expect } from 'vitest'
import { openSafetensors } from '../../src/nn/weights/index.ts'

/** Two numbers agree to `tolerance`, relative to the larger of the expected one and `floor`. */
export function expectClose(
  found: number | null,
  expected: number | null,
  what: string,
  tolerance = 1e-5,
  floor = 1e-2,
): void {
  if (found === null || expected === null) {
    expect(found, what).toBe(expected)
    return
  }
  const error = Math.abs(found - expected) / Math.max(Math.abs(expected), floor)
  expect(error, `${what}: found ${found}, expected ${expected}`).toBeLessThan(tolerance)
}

/**
 * ‖found − expected‖ / ‖expected‖ in double precision. A smaller ‖expected‖ than `floor` counts as
 * `floor`: a gradient that is zero in exact arithmetic has only rounding to compare.
 */
export function relativeError(found: Float32Array, expected: Float32Array, floor = 0): number {
  expect(found.length).toBe(expected.length)
  let squares = 0
  for (let index = 0; index < expected.length; index++) {
    squares += (found[index]! - expected[index]!) ** 2
  }
  if (squares === 0) return 0
  return Math.sqrt(squares) / Math.max(norm(expected), floor)
}

/** Euclidean norm in double precision. */
export const norm = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))

/** All tensors of a safetensors file, widened to float32. */
export async function readTensors(path: string): Promise<Map<string, Float32Array>> {
  const file = await openSafetensors(path)
  const tensors = new Map<string, Float32Array>()
  for (const name of file.tensors.keys()) tensors.set(name, await file.readFloat32(name))
  await file.close()
  return tensors
}
