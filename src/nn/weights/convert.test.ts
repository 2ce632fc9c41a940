import fc from 'fast-check'
import { expect, test } from 'vitest'
import { roundToHalves, widenHalves } from './convert.ts'

const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits)

test.each(['F16', 'BF16'] as const)('every %s survives widening and rounding', (type) => {
  const wide = new Float32Array(all.length)
  widenHalves(type, all, wide)
  const back = roundToHalves(type, wide)
  const changed = all.filter((bits, i) => back[i] !== bits && !Number.isNaN(wide[i]))
  expect(changed).toHaveLength(0)
  const nan = all.filter((_, i) => Number.isNaN(wide[i]))
  const again = new Float32Array(nan.length)
  widenHalves(type, roundToHalves(type, new Float32Array(nan.length).fill(Number.NaN)), again)
  expect(again.every(Number.isNaN)).toBe(true)
})

test.each(['F16', 'BF16'] as const)('%s rounds to the nearest, ties to even', (type) => {
  const finite = new Float32Array(all.length)
  widenHalves(type, all, finite)
  const grid = [...finite].filter(Number.isFinite).sort((a, b) => a - b)
  const random = fc.float({ noNaN: true, noDefaultInfinity: true, max: 60000, min: -60000 })
  fc.assert(
    fc.property(random, (value) => {
      const [bits] = roundToHalves(type, Float32Array.of(value)) as unknown as [number]
      const [rounded] = (() => {
        const wide = new Float32Array(1)
        widenHalves(type, Uint16Array.of(bits), wide)
        return wide
      })() as unknown as [number]
      const distance = Math.abs(rounded - value)
      let low = 0
      let high = grid.length - 1
      while (low < high) {
        const middle = (low + high + 1) >> 1
        if (grid[middle]! <= value) low = middle
        else high = middle - 1
      }
      const below = Math.abs(grid[low]! - value)
      const above = Math.abs((grid[low + 1] ?? Number.POSITIVE_INFINITY) - value)
      expect(distance).toBe(Math.min(below, above))
      if (below === above) expect(bits & 1).toBe(0)
    }),
  )
})

test.each([
  ['F16', 65519.99, 0x7bff],
  ['F16', 65520, 0x7c00],
  ['F16', -1e38, 0xfc00],
  ['F16', 2 ** -25, 0],
  ['F16', 2 ** -25 * 1.0001, 1],
  ['F16', 1.5 * 2 ** -24, 2],
  ['F16', -0, 0x8000],
  ['BF16', 3.4e38, 0x7f80],
  ['BF16', 1.00390625, 0x3f80],
  ['BF16', 1.01171875, 0x3f82],
] as const)('%s of %f has the bits %i', (type, value, bits) => {
  expect([...roundToHalves(type, Float32Array.of(value))]).toEqual([bits])
})
