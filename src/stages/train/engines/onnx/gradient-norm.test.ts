import { afterAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../../../core/index.ts'
import { createGradientNorm } from './gradient-norm.ts'

const norm = await createGradientNorm({ threads: 2 })
afterAll(() => norm.dispose())

const random = createRandom(1, 'gradient-norm')
const draw = (length: number, scale: number) =>
  Float32Array.from({ length }, () => scale * random.normal())
const tensors = (...arrays: Float32Array[]) =>
  new Map(arrays.map((data, index) => [`x${index}`, { data, shape: [data.length] }]))
const inDoubles = (...arrays: Float32Array[]) =>
  Math.sqrt(
    arrays.reduce((total, data) => data.reduce((sum, value) => sum + value * value, total), 0),
  )

describe('the norm of gradients', () => {
  it.each([0, 1, 7, 8195])('of %i elements is that of double precision', async (length) => {
    const data = draw(length, 1e3)
    const expected = inDoubles(data)
    // Double precision, in the same order.
    expect(Math.abs((await norm.of(tensors(data))) - expected)).toBeLessThanOrEqual(
      1e-13 * expected,
    )
  })

  it.each([
    ['usual', 1e-3],
    ['too large for squares in float32', 1e25],
    ['too small for squares in float32', 1e-25],
  ])('of large tensors with values that are %s is that of double precision', async (_, scale) => {
    const arrays = [draw(2 ** 16, scale), draw(2 ** 17 + 3, scale), draw(5, scale)]
    const expected = inDoubles(...arrays)
    // Squares of 1,024 elements are added in float32: rounding of 6e-8, of changing sign.
    expect(Math.abs((await norm.of(tensors(...arrays))) / expected - 1)).toBeLessThan(1e-7)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'is not finite where one is %d',
    async (value) => {
      const large = draw(2 ** 16, 1)
      large[70] = value
      expect(Number.isFinite(await norm.of(tensors(draw(3, 1), large)))).toBe(false)
      const small = Float32Array.of(1, value)
      expect(Number.isFinite(await norm.of(tensors(draw(2 ** 16, 1), small)))).toBe(false)
    },
  )
})
