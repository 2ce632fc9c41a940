import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { parseRope, rotaryFrequencies } from '../../src/nn/models/rope.ts'
import { describeParity, runPython } from './python.ts'

const shape = { hidden_size: 512, num_attention_heads: 4, max_position_embeddings: 2048 }
const llama3 = {
  rope_type: 'llama3',
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 512,
}
const yarn = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 512 }
const cases: { name: string; rope: Record<string, unknown> & { rope_theta?: number } }[] = [
  { name: 'default', rope: {} },
  { name: 'default, another base', rope: { rope_theta: 1_000_000 } },
  { name: 'linear', rope: { rope_type: 'linear', factor: 4 } },
  { name: 'dynamic', rope: { rope_type: 'dynamic', factor: 2 } },
  { name: 'llama3', rope: { ...llama3, rope_theta: 500_000 } },
  { name: 'llama3, other bounds', rope: { ...llama3, factor: 32, high_freq_factor: 3.5 } },
  { name: 'yarn', rope: { ...yarn, rope_theta: 1_000_000 } },
  { name: 'yarn, own bounds', rope: { ...yarn, beta_fast: 24, beta_slow: 2, truncate: false } },
  { name: 'yarn, own factor', rope: { ...yarn, factor: 2.5, attention_factor: 1.25 } },
  { name: 'yarn of DeepSeek', rope: { ...yarn, mscale: 0.8, mscale_all_dim: 0.9 } },
]
const lengths = [100, 3000]

describeParity('rotary frequencies and transformers', () => {
  let references: { frequencies: number[]; scale: number }[]
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rc-rope-'))
    const file = join(folder, 'cases.json')
    const all = cases.flatMap(({ rope }) =>
      lengths.map((length) => {
        const parameters = { rope_type: 'default', rope_theta: 10_000, ...rope }
        return { config: { ...shape, rope_parameters: parameters }, length }
      }),
    )
    await writeFile(file, JSON.stringify(all))
    references = JSON.parse(await runPython('reference_rope.py', [file]))
    await rm(folder, { recursive: true })
  })

  it.each(
    cases.flatMap((one, index) =>
      lengths.map((length, at) => ({ ...one, length, at: 2 * index + at })),
    ),
  )('agree: $name, $length tokens', ({ rope, length, at }) => {
    const { rope_theta = 10_000, ...rope_scaling } = rope
    const old = { ...shape, rope_theta, ...(rope_scaling.rope_type ? { rope_scaling } : {}) }
    const parsed = parseRope({ config: old, path: 'm' })
    const parameters = { ...rope, rope_theta }
    expect(parseRope({ config: { ...shape, rope_parameters: parameters }, path: 'm' })).toEqual(
      parsed,
    )
    const { frequencies, scale } = rotaryFrequencies(parsed, 128, length)
    const expected = references[at]!
    expect(scale).toBeCloseTo(expected.scale, 12)
    // Two units in the last place: powf of the C library may be one off.
    frequencies.forEach((value, index) => {
      const error = Math.abs(value - expected.frequencies[index]!) / value
      expect(error, `frequency ${index}`).toBeLessThan(2.4e-7)
    })
  })
})
