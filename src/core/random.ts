import { createHash } from 'node:crypto'

/** A stream of random numbers; equal keys give equal streams on every machine. */
export interface Random {
  /** Next 32 random bits as an unsigned integer. */
  uint32(): number
  /** Uniform in [0, 1) with 53 random bits. */
  float(): number
  /** Uniform integer in [0, bound); `bound` from 1 to 2^32. */
  integer(bound: number): number
  /** Standard normal deviate (Box and Muller 1958). */
  normal(): number
  /** One element of a non-empty list. */
  pick<T>(items: readonly T[]): T
  /** A new list in random order (Fisher and Yates). */
  shuffle<T>(items: readonly T[]): T[]
}

/**
 * Creates a counter-based generator (Philox4x32-10, Salmon et al. 2011) keyed by `seed` and any
 * number of labels, for example `createRandom(3407, 'mask', epoch, sample)`. Draws of one key do
 * not depend on draws of another, so work may be done in any order and after a restart.
 */
export function createRandom(seed: number, ...labels: (string | number)[]): Random {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, ...labels]))
    .digest()
  const key: Key = [digest.readUInt32LE(0), digest.readUInt32LE(4)]
  const high: Key = [digest.readUInt32LE(8), digest.readUInt32LE(12)]
  let block = 0
  let buffer: number[] = []

  const uint32 = (): number => {
    if (buffer.length === 0) {
      buffer = philox([block >>> 0, Math.floor(block / 2 ** 32), high[0], high[1]], key)
      block += 1
    }
    return buffer.pop() as number
  }
  const float = () => ((uint32() >>> 5) * 2 ** 26 + (uint32() >>> 6)) / 2 ** 53
  const integer = (bound: number): number => {
    const limit = 2 ** 32 - (2 ** 32 % bound)
    for (;;) {
      const value = uint32()
      if (value < limit) return value % bound
    }
  }
  const shuffle = <T>(items: readonly T[]): T[] => {
    const result = [...items]
    for (let last = result.length - 1; last > 0; last--) {
      const other = integer(last + 1)
      const moved = result[last] as T
      result[last] = result[other] as T
      result[other] = moved
    }
    return result
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - float())) * Math.cos(2 * Math.PI * float())
  const pick = <T>(items: readonly T[]): T => items[integer(items.length)] as T
  return { uint32, float, integer, normal, pick, shuffle }
}

type Key = readonly [number, number]
type Counter = readonly [number, number, number, number]

/** Ten rounds of Philox4x32 on a counter; the words in reverse, as they are drawn from the end. */
export function philox(counter: Counter, key: Key): number[] {
  let [c0, c1, c2, c3] = counter
  let [k0, k1] = key
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = multiply(0xd2511f53, c0)
    const [high1, low1] = multiply(0xcd9e8d57, c2)
    c0 = (high1 ^ c1 ^ k0) >>> 0
    c1 = low1
    c2 = (high0 ^ c3 ^ k1) >>> 0
    c3 = low0
    k0 = (k0 + 0x9e3779b9) >>> 0
    k1 = (k1 + 0xbb67ae85) >>> 0
  }
  return [c3, c2, c1, c0]
}

/** Full 64-bit product of two 32-bit unsigned integers as [high, low]. */
function multiply(a: number, b: number): [number, number] {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const carried = aLow * bHigh + (middle & 0xffff)
  const high = aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carried / 65536)
  return [high >>> 0, Math.imul(a, b) >>> 0]
}
