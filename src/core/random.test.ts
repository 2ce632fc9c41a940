import { describe, expect, it } from 'vitest'
import { createRandom, philox } from './random.ts'

describe('philox', () => {
  it('gives the known answers of the Random123 distribution', () => {
    const words = (counter: number[], key: number[]) =>
      philox(counter as [number, number, number, number], key as [number, number])
        .reverse()
        .map((word) => word.toString(16).padStart(8, '0'))
    const ones = 0xffffffff
    expect(words([0, 0, 0, 0], [0, 0])).toEqual(['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8'])
    expect(words([ones, ones, ones, ones], [ones, ones])).toEqual([
      '408f276d',
      '41c83b0e',
      'a20bc7c6',
      '6d5451fd',
    ])
    expect(
      words([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
    ).toEqual(['d16cfe09', '94fdcceb', '5001e420', '24126ea1'])
  })
})

describe('createRandom', () => {
  it('repeats a stream for equal keys and changes it with seed or label', () => {
    const draw = (...key: [number, ...(string | number)[]]) => {
      const random = createRandom(...key)
      return Array.from({ length: 9 }, () => random.uint32())
    }
    expect(draw(1, 'mask', 2)).toEqual(draw(1, 'mask', 2))
    expect(draw(1, 'mask', 2)).not.toEqual(draw(2, 'mask', 2))
    expect(draw(1, 'mask', 2)).not.toEqual(draw(1, 'mask', '2'))
  })

  it('draws integers uniformly below a bound', () => {
    const random = createRandom(5)
    const counts = new Array(7).fill(0)
    for (let i = 0; i < 70_000; i++) counts[random.integer(7)] += 1
    // Chi-squared with 6 degrees of freedom exceeds 27.9 with probability 1e-4.
    const chi = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)
    expect(chi).toBeLessThan(27.9)
  })

  it('shuffles into a permutation without changing its input', () => {
    const items = [1, 2, 3, 4, 5, 6, 7, 8]
    const shuffled = createRandom(1).shuffle(items)
    expect(shuffled).not.toEqual(items)
    expect([...shuffled].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(items).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('draws floats in [0, 1) and normal deviates of mean 0 and variance 1', () => {
    const random = createRandom(11)
    const floats = Array.from({ length: 20_000 }, () => random.float())
    expect(Math.min(...floats)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...floats)).toBeLessThan(1)
    const normals = Array.from({ length: 20_000 }, () => random.normal())
    const mean = normals.reduce((a, b) => a + b, 0) / 20_000
    const variance = normals.reduce((a, b) => a + b * b, 0) / 20_000
    // Five standard errors: 0.035 of the mean, 0.05 of the variance.
    expect(Math.abs(mean)).toBeLessThan(0.035)
    expect(Math.abs(variance - 1)).toBeLessThan(0.05)
  })
})
