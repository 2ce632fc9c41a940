import { describe, expect, it } from 'vitest'
import { createRandom } from '../../core/index.ts'
import { chooseToken, type SamplingOptions } from './choose-token.ts'

const logits = Float32Array.from([0.5, 0.1, 0.3, 0.1], Math.log)
const all: SamplingOptions = { temperature: 1, topP: 1, topK: 0 }

function shares(options: SamplingOptions, draws = 20_000): number[] {
  const random = createRandom(3, 'choose')
  const counts = [0, 0, 0, 0]
  for (let i = 0; i < draws; i++) counts[chooseToken(logits, options, random)]! += 1
  return counts.map((count) => count / draws)
}

describe('chooseToken', () => {
  it('takes the most likely token at temperature 0, the first of equals', () => {
    const random = createRandom(1)
    expect(chooseToken(logits, { ...all, temperature: 0 }, random)).toBe(0)
    expect(chooseToken(Float32Array.of(1, 2, 2), { ...all, temperature: 0 }, random)).toBe(1)
  })

  it('draws by the softmax', () => {
    // Standard error of a share of 20,000 draws: at most 0.0036.
    shares(all).forEach((share, id) => {
      expect(Math.abs(share - Math.exp(logits[id]!))).toBeLessThan(0.015)
    })
  })

  it('sharpens with low temperature', () => {
    const [first] = shares({ ...all, temperature: 0.5 })
    expect(Math.abs(first! - 0.25 / (0.25 + 0.01 + 0.09 + 0.01))).toBeLessThan(0.015)
  })

  it('keeps the topK most likely', () => {
    const result = shares({ ...all, topK: 2 })
    expect(result[1]! + result[3]!).toBe(0)
    expect(Math.abs(result[0]! - 0.5 / 0.8)).toBeLessThan(0.015)
  })

  it('keeps the smallest set that reaches topP', () => {
    const result = shares({ ...all, topP: 0.7 })
    expect(result[1]! + result[3]!).toBe(0)
    expect(result[2]).toBeGreaterThan(0.3)
  })
})
