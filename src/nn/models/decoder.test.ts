import { afterAll, describe, expect, it } from 'vitest'
import { createDecoder } from './decoder.ts'
import type { PackedTokens } from './pack-feeds.ts'
import { tinyConfig, tinyModel } from './tiny-model.fixture.ts'

const decoder = createDecoder(tinyModel())
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

describe('decoder', () => {
  it('gives a row the same states whatever it is packed with', async () => {
    const alone = await decoder.forward(packRows(9))
    const packed = await decoder.forward(packRows(5, 9, 8))
    const width = tinyConfig.hiddenSize
    // Sums of 32 to 48 float32 terms in another order: some units of 1e-7.
    expect(largestDifference(alone, packed.slice(5 * width, 14 * width))).toBeLessThan(1e-5)
  })

  it('does not let a token see later ones', async () => {
    const long = await decoder.forward(packRows(12))
    const packed = packRows(12)
    packed.tokens[11] = 3
    const other = await decoder.forward(packed)
    const before = 11 * tinyConfig.hiddenSize
    expect(other.slice(0, before)).toEqual(long.slice(0, before))
    expect(other.slice(before)).not.toEqual(long.slice(before))
  })

  it('computes long rows in blocks of queries without changing them', async () => {
    // 4 heads · 1,500² scores are 34 times the budget of one run.
    const tokens = packRows(1500)
    const long = await decoder.forward(tokens)
    const first = { tokens: tokens.tokens.slice(0, 40), positions: tokens.positions.slice(0, 40) }
    const short = await decoder.forward({ ...first, rows: [{ start: 0, length: 40 }] })
    expect(largestDifference(short, long.slice(0, short.length))).toBeLessThan(1e-5)
  })
})
