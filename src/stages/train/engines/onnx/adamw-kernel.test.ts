import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../../core/index.ts'
import { createAdamWKernel } from './adamw-kernel.ts'

const random = createRandom(1, 'adamw-kernel')
const draw = (length: number, scale = 1) =>
  Float32Array.from({ length }, () => scale * random.normal())

const factors = {
  clip: 0.7,
  beta1: 0.9,
  beta2: 0.999,
  rate: 3e-3,
  rootFactor: 1.8,
  epsilon: 1e-8,
  keep: 0.99,
}

describe('the kernel of AdamW', () => {
  // Lengths around vectors of 4 and blocks of 8192.
  it.each([1, 3, 4, 5, 8191, 8192, 8193, 20_001])(
    'updates %i elements as double precision does',
    (length) => {
      const kernel = createAdamWKernel()
      const [w, g, m, v] = [
        draw(length),
        draw(length),
        draw(length),
        draw(length).map((x) => x * x),
      ]
      const [weights, first, second] = [w.slice(), m.slice(), v.slice()]
      kernel.update(weights, g, first, second, factors)
      let worst = 0
      for (let i = 0; i < length; i++) {
        const gradient = g[i]! * factors.clip
        const mean = 0.9 * m[i]! + 0.1 * gradient
        const square = 0.999 * v[i]! + 0.001 * gradient * gradient
        const step = (factors.rate * mean) / (Math.sqrt(square) * factors.rootFactor + 1e-8)
        const errors = [
          Math.abs(first[i]! - mean) / (1 + Math.abs(mean)),
          Math.abs(second[i]! - square) / (1 + square),
          Math.abs(weights[i]! - (0.99 * w[i]! - step)),
        ]
        worst = Math.max(worst, ...errors.map((error) => (error <= 1 ? error : 1)))
      }
      expect(worst).toBeLessThan(4e-7)
    },
  )

  it.each([0, 1, 7, 8195])('sums the squares of %i elements in double precision', (length) => {
    const values = draw(length, 1e3)
    const expected = values.reduce((sum, x) => sum + x * x, 0)
    const found = createAdamWKernel().sumSquares(values)
    expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-13 * expected)
  })
})
