import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparePaired, exactMcNemar, newcombeInterval } from './paired-comparison.ts'
import { meanPassAtK, passAtK, wilsonInterval } from './scores.ts'

describe('passAtK', () => {
  it('is the share of passing samples for k = 1', () => {
    expect(passAtK(10, 3, 1)).toBeCloseTo(0.3, 12)
  })

  it('agrees with counting draws that miss', () => {
    const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(30), fc.nat(29), (n, c, k) => {
        const passed = Math.min(c, n)
        const draws = Math.min(k + 1, n)
        const missing = n - passed < draws ? 0 : choose(n - passed, draws) / choose(n, draws)
        expect(passAtK(n, passed, draws)).toBeCloseTo(1 - missing, 9)
      }),
    )
  })

  it('is given only for k that every task has samples for', () => {
    const tasks = [
      { samples: 10, passed: 5 },
      { samples: 200, passed: 0 },
    ]
    expect(Object.keys(meanPassAtK(tasks))).toEqual(['pass@1', 'pass@10'])
    expect(meanPassAtK(tasks)['pass@1']).toBeCloseTo(0.25, 12)
    expect(meanPassAtK([])).toEqual({})
  })
})

describe('wilsonInterval', () => {
  it('agrees with published values', () => {
    // Newcombe 1998, table I, method 3: 81/263, 15/148, 0/20, 1/29.
    const cases: [number, number, number, number][] = [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ]
    for (const [passed, total, low, high] of cases) {
      const interval = wilsonInterval(passed, total)
      expect(interval[0]).toBeCloseTo(low, 4)
      expect(interval[1]).toBeCloseTo(high, 4)
    }
  })

  it('says nothing without tasks', () => {
    expect(wilsonInterval(0, 0)).toEqual([0, 1])
  })
})

describe('comparePaired', () => {
  it('gives the exact two-sided McNemar test', () => {
    expect(exactMcNemar(0, 0)).toBe(1)
    expect(exactMcNemar(5, 0)).toBeCloseTo(2 / 32, 12)
    expect(exactMcNemar(8, 2)).toBeCloseTo((2 * (1 + 10 + 45)) / 1024, 12)
    expect(exactMcNemar(2000, 1900)).toBeGreaterThan(0.09)
  })

  it('agrees with published intervals of paired differences', () => {
    // Newcombe 1998, table III, method 10: cells 36, 12, 2, 0.
    const [low, high] = newcombeInterval(36, 12, 2, 0)
    expect(low).toBeCloseTo(0.0569, 3)
    expect(high).toBeCloseTo(0.3404, 3)
  })

  it('always holds the difference', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1 }), (pairs) => {
        const map = (side: 0 | 1) =>
          new Map(pairs.map((pair, index) => [String(index), pair[side]]))
        const compared = comparePaired(map(0), map(1))
        expect(compared.interval[0]).toBeLessThanOrEqual(compared.difference + 1e-12)
        expect(compared.interval[1]).toBeGreaterThanOrEqual(compared.difference - 1e-12)
        const { fixed, broken, bothPass, bothFail } = compared
        expect(fixed.length + broken.length + bothPass + bothFail).toBe(pairs.length)
      }),
    )
  })
})
