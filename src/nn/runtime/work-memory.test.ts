import { describe, expect, it } from 'vitest'
import { createWorkMemory, releaseBuffer } from './index.ts'

/** Bytes of its buffer that an array covers. */
const placeOf = ({ byteOffset, byteLength }: Float32Array) => [byteOffset, byteOffset + byteLength]

describe('work memory', () => {
  it('gives arrays that do not overlap, and counts what is taken', () => {
    const memory = createWorkMemory({ smallest: 0, slabBytes: 1024 })
    const arrays = [16, 100, 1, 40].map((length) => memory.take(length))
    expect(arrays.map(placeOf)).toEqual([
      [0, 64],
      [64, 464],
      [512, 516],
      [576, 736],
    ])
    expect(memory.takenBytes).toBe(64 + 448 + 64 + 192)
    for (const array of arrays) releaseBuffer(array)
    expect(memory.takenBytes).toBe(0)
  })

  it('joins what is given back, in whatever order', () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [0, 2, 1],
      [1, 2, 0],
    ]) {
      const memory = createWorkMemory({ smallest: 0, slabBytes: 768 })
      const arrays = [64, 64, 64].map((length) => memory.take(length))
      for (const index of order) releaseBuffer(arrays[index]!)
      const whole = memory.take(192)
      expect(whole.buffer).toBe(arrays[0]!.buffer)
      expect(placeOf(whole)).toEqual([0, 768])
    }
  })

  it('takes the first place that is wide enough before new memory', () => {
    const memory = createWorkMemory({ smallest: 0, slabBytes: 1024 })
    const [a, , c] = [64, 64, 64, 64].map((length) => memory.take(length))
    releaseBuffer(a!)
    releaseBuffer(c!)
    expect(placeOf(memory.take(32))).toEqual([0, 128])
    expect(placeOf(memory.take(48))).toEqual([512, 704])
    const other = memory.take(1000)
    expect(other.buffer).not.toBe(a!.buffer)
    expect(other.buffer.byteLength).toBe(4032)
  })

  it('leaves small arrays to the collector', () => {
    const memory = createWorkMemory({ smallest: 256 })
    expect(memory.take(63).buffer.byteLength).toBe(252)
    expect(memory.takenBytes).toBe(0)
  })

  it('refuses an array that was given back', () => {
    const memory = createWorkMemory({ smallest: 0, slabBytes: 1024 })
    const [first, second] = [memory.take(64), memory.take(64)]
    releaseBuffer(first)
    expect(() => releaseBuffer(first)).toThrow('given back twice')
    releaseBuffer(second)
    expect(() => releaseBuffer(second)).toThrow('given back twice')
  })
})
