import { afterAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../../../core/index.ts'
import { createAdamW, createAdamWState } from './adamw.ts'

const random = createRandom(1, 'adamw')
const draw = (length: number, scale = 1) =>
  Float32Array.from({ length }, () => scale * random.normal())

const options = {
  betas: [0.9, 0.999],
  epsilon: 1e-8,
  weightDecay: 0.3,
  maxGradientNorm: 0.7,
} as const
const rate = 3e-3
const norm = 1.4
const optimizer = await createAdamW(options, { threads: 2 })
afterAll(() => optimizer.dispose())

describe('an update of AdamW', () => {
  // Lengths around the 2^18 elements of a row.
  it.each([
    [[1, 3], 0.3],
    [[896], 0],
    [[2, 2 ** 18], 0.3],
    [[1, 2 ** 18 + 1], 0.3],
  ])('of a tensor %j is that of double precision', async (shape, weightDecay) => {
    const length = shape.reduce((product, size) => product * size, 1)
    const [w, g, m, v] = [draw(length), draw(length), draw(length), draw(length).map((x) => x * x)]
    const tensor = (data: Float32Array) => new Map([['w', { data: data.slice(), shape }]])
    const parameters = tensor(w)
    const state = { ...createAdamWState(parameters), first: tensor(m), second: tensor(v) }
    state.updates = 4
    await optimizer.update(parameters, tensor(g), state, rate, norm)
    expect(state.updates).toBe(5)
    const found = [parameters, state.first, state.second].map((table) => table.get('w')!.data)
    let worst = 0
    for (let i = 0; i < length; i++) {
      const gradient = (g[i]! * 0.7) / (norm + 1e-6)
      const mean = 0.9 * m[i]! + 0.1 * gradient
      const square = 0.999 * v[i]! + 0.001 * gradient * gradient
      const root = Math.sqrt(square / (1 - 0.999 ** 5)) + 1e-8
      const weight = (1 - rate * weightDecay) * w[i]! - (rate * mean) / (1 - 0.9 ** 5) / root
      for (const [at, expected] of [weight, mean, square].entries()) {
        const error = Math.abs(found[at]![i]! - expected) / (1 + Math.abs(expected))
        worst = Math.max(worst, error <= 1 ? error : 1)
      }
    }
    // A few roundings of float32, 6e-8 each.
    expect(worst).toBeLessThan(4e-7)
  })
})
