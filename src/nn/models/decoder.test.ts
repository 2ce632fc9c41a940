import { afterAll, describe, expect, it } from 'vitest'
import { createDecoder, type PackedTokens } from './decoder.ts'
import { tinyConfig, tinyModel } from './tiny-model.fixture.ts'
import { zeroGradients } from './zero-gradients.ts'

const model = tinyModel()
const decoder = createDecoder(model)
afterAll(() => decoder.dispose())

function packRows(...lengths: number[]): PackedTokens {
  const total = lengths.reduce((sum, length) => sum + length, 0)
  const tokens = new Int32Array(total)
  const positions = new Int32Array(total)
  let start = 0
  const rows = lengths.map((length) => {
    for (let i = 0; i < length; i++) {
      tokens[start + i] = (i * 17 + length) % tinyConfig.vocabularySize
      positions[start + i] = i
    }
    start += length
    return { start: start - length, length }
  })
  return { tokens, positions, rows }
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length)
  return a.reduce((largest, value, index) => Math.max(largest, Math.abs(value - b[index]!)), 0)
}

async function gradientsOf(packed: PackedTokens, keepActivations: boolean) {
  const { hidden, tape } = await decoder.forward(packed, { keepActivations })
  const sums = zeroGradients(model.parameters)
  const cotangent = hidden.map((_, index) => Math.sin(index))
  await decoder.backward(tape, cotangent, sums)
  return sums
}

describe('decoder', () => {
  it('gives a row the same states whatever it is packed with', async () => {
    const alone = (await decoder.forward(packRows(9))).hidden
    const packed = (await decoder.forward(packRows(5, 9, 8))).hidden
    const width = tinyConfig.hiddenSize
    // Sums of 32 to 48 float32 terms in another order: some units of 1e-7.
    expect(largestDifference(alone, packed.slice(5 * width, 14 * width))).toBeLessThan(1e-5)
  })

  it('does not let a token see later ones', async () => {
    const long = (await decoder.forward(packRows(12))).hidden
    const packed = packRows(12)
    packed.tokens[11] = 3
    const other = (await decoder.forward(packed)).hidden
    const before = 11 * tinyConfig.hiddenSize
    expect(other.slice(0, before)).toEqual(long.slice(0, before))
    expect(other.slice(before)).not.toEqual(long.slice(before))
  })

  it('computes long rows in blocks of queries without changing them', async () => {
    // 4 heads · 1,500² scores are 34 times the budget of one run.
    const long = (await decoder.forward(packRows(1500))).hidden
    const tokens = packRows(1500)
    const first = { tokens: tokens.tokens.slice(0, 40), positions: tokens.positions.slice(0, 40) }
    const short = (await decoder.forward({ ...first, rows: [{ start: 0, length: 40 }] })).hidden
    expect(largestDifference(short, long.slice(0, short.length))).toBeLessThan(1e-5)
  })

  it('gives the same gradients with attention kept and recomputed, to the bit', async () => {
    const packed = packRows(20, 300, 21)
    const kept = await gradientsOf(packed, true)
    const recomputed = await gradientsOf(packed, false)
    for (const [name, { data }] of kept) expect(data).toEqual(recomputed.get(name)!.data)
  })

  it('gives the sum of the rows’ gradients for packed rows', async () => {
    const both = packRows(20, 300)
    const sums = await gradientsOf(both, true)
    const parts = zeroGradients(model.parameters)
    let offset = 0
    for (const { start, length } of both.rows) {
      const part = {
        tokens: both.tokens.slice(start, start + length),
        positions: both.positions.slice(start, start + length),
        rows: [{ start: 0, length }],
      }
      const { hidden, tape } = await decoder.forward(part)
      await decoder.backward(
        tape,
        hidden.map((_, index) => Math.sin(index + offset)),
        parts,
      )
      offset += hidden.length
    }
    for (const [name, { data }] of sums) {
      if (name === 'model.norm.weight') continue
      const norm = Math.hypot(...data.slice(0, 5000))
      expect(largestDifference(data, parts.get(name)!.data), name).toBeLessThan(1e-5 * norm + 1e-6)
    }
  })
})
