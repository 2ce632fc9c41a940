import { badConfig, type ConfigFile } from './bad-config.ts'

/** How rotary frequencies follow from a configuration. */
export type RopeScaling =
  | { readonly type: 'default' }
  | { readonly type: 'linear'; readonly factor: number }
  /** Frequencies depend on the length of the sequence beyond `originalPositions`. */
  | { readonly type: 'dynamic'; readonly factor: number; readonly originalPositions: number }
  | {
      readonly type: 'llama3'
      readonly factor: number
      readonly lowFrequencyFactor: number
      readonly highFrequencyFactor: number
      readonly originalPositions: number
    }
  | {
      readonly type: 'yarn'
      readonly factor: number
      readonly originalPositions: number
      readonly betaFast: number
      readonly betaSlow: number
      readonly truncate: boolean
      /** Factor on cosines and sines. */
      readonly attentionFactor: number
    }

export interface Rope {
  /** Base of the frequencies. */
  readonly theta: number
  readonly scaling: RopeScaling
}

/** Reads `rope_theta` and `rope_scaling`, or `rope_parameters` as transformers 5 writes them. */
export function parseRope(file: ConfigFile): Rope {
  const { config } = file
  const place = config.rope_parameters ? 'rope_parameters' : 'rope_scaling'
  const rope = (config[place] ?? {}) as Record<string, unknown>
  const fail = (field: string, expected: string, got: unknown) =>
    badConfig(file.path, field, expected, got)
  const number = (field: string, fallback?: number): number => {
    const value = rope[field] ?? fallback
    if (typeof value === 'number' && value > 0) return value
    throw fail(`${place}.${field}`, 'a number above 0', value)
  }
  const theta = rope.rope_theta ?? config.rope_theta ?? 10_000
  if (typeof theta !== 'number' || theta <= 0) throw fail('rope_theta', 'a number above 0', theta)
  const partial = rope.partial_rotary_factor ?? config.partial_rotary_factor ?? 1
  if (partial !== 1) throw fail('partial_rotary_factor', '1', partial)
  const positions = config.max_position_embeddings as number | undefined
  const kind = rope.rope_type ?? rope.type ?? 'default'
  const readers: Record<string, () => RopeScaling> = {
    default: () => ({ type: 'default' }),
    linear: () => ({ type: 'linear', factor: number('factor') }),
    dynamic: () => ({
      type: 'dynamic',
      factor: number('factor'),
      originalPositions: positions ?? number('original_max_position_embeddings'),
    }),
    llama3: () => ({
      type: 'llama3',
      factor: number('factor'),
      lowFrequencyFactor: number('low_freq_factor'),
      highFrequencyFactor: number('high_freq_factor'),
      originalPositions: number('original_max_position_embeddings', positions),
    }),
    yarn: () => readYarn(rope, number, positions),
  }
  const read = readers[String(kind)]
  if (read !== undefined) return { theta, scaling: read() }
  throw fail(`${place}.rope_type`, `one of ${Object.keys(readers).join(', ')}`, kind)
}

function readYarn(
  rope: Record<string, unknown>,
  number: (field: string, fallback?: number) => number,
  positions: number | undefined,
): RopeScaling {
  const originalPositions = number('original_max_position_embeddings', positions)
  const factor = number(
    'factor',
    positions === undefined ? undefined : positions / originalPositions,
  )
  const scaleOf = (weight: number) => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1)
  const { mscale, mscale_all_dim: mscaleAll } = rope as Record<string, number | undefined>
  const own = mscale && mscaleAll ? scaleOf(mscale) / scaleOf(mscaleAll) : scaleOf(1)
  return {
    type: 'yarn',
    factor,
    originalPositions,
    betaFast: number('beta_fast', 32),
    betaSlow: number('beta_slow', 1),
    truncate: rope.truncate !== false,
    attentionFactor: number('attention_factor', own),
  }
}

export interface RotaryFrequencies {
  /** Radians a position, [headSize / 2]. */
  readonly frequencies: Float32Array
  /** Factor on cosines and sines. */
  readonly scale: number
}

/**
 * Rotary frequencies of a head, rounded to float32 at every step as transformers computes them:
 * at position 4,000 the last digit of a frequency moves an angle by 2e-4.
 *
 * @param length tokens of the sequence; `dynamic` scaling depends on it
 */
export function rotaryFrequencies(
  { theta, scaling }: Rope,
  headSize: number,
  length: number,
): RotaryFrequencies {
  switch (scaling.type) {
    case 'default':
      return { frequencies: plainFrequencies(theta, headSize), scale: 1 }
    case 'linear': {
      const frequencies = plainFrequencies(theta, headSize)
      return { frequencies: frequencies.map((value) => value / round(scaling.factor)), scale: 1 }
    }
    case 'dynamic': {
      const { factor, originalPositions } = scaling
      const reach = Math.max(length, originalPositions)
      const stretch = (factor * reach) / originalPositions - (factor - 1)
      const base = theta * stretch ** (headSize / (headSize - 2))
      return { frequencies: plainFrequencies(base, headSize), scale: 1 }
    }
    case 'llama3':
      return {
        frequencies: plainFrequencies(theta, headSize).map((value) => llama3(value, scaling)),
        scale: 1,
      }
    case 'yarn':
      return { frequencies: yarn(theta, headSize, scaling), scale: scaling.attentionFactor }
  }
}

const round = Math.fround

function plainFrequencies(theta: number, headSize: number): Float32Array {
  return Float32Array.from({ length: headSize / 2 }, (_, index) => {
    return 1 / round(round(theta) ** round((2 * index) / headSize))
  })
}

/** Llama 3.1: long waves are stretched, short ones kept, those between mixed. */
function llama3(frequency: number, scaling: Extract<RopeScaling, { type: 'llama3' }>): number {
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalPositions } = scaling
  const wavelength = round(round(2 * Math.PI) / frequency)
  if (wavelength > round(originalPositions / lowFrequencyFactor)) return round(frequency / factor)
  if (wavelength < round(originalPositions / highFrequencyFactor)) return frequency
  const turns = round(round(originalPositions / wavelength) - round(lowFrequencyFactor))
  const smooth = round(turns / round(highFrequencyFactor - lowFrequencyFactor))
  const stretched = round(round(round(1 - smooth) * frequency) / round(factor))
  return round(stretched + round(smooth * frequency))
}

/** YaRN (Peng et al. 2023): interpolated and plain frequencies, mixed along the head. */
function yarn(
  theta: number,
  headSize: number,
  scaling: Extract<RopeScaling, { type: 'yarn' }>,
): Float32Array {
  const { factor, originalPositions, betaFast, betaSlow, truncate } = scaling
  const dimensionOf = (rotations: number) =>
    (headSize * Math.log(originalPositions / (rotations * 2 * Math.PI))) / (2 * Math.log(theta))
  const [first, last] = [dimensionOf(betaFast), dimensionOf(betaSlow)]
  const low = Math.max(truncate ? Math.floor(first) : first, 0)
  const high = Math.min(truncate ? Math.ceil(last) : last, headSize - 1)
  const span = low === high ? 0.001 : high - low
  return Float32Array.from({ length: headSize / 2 }, (_, index) => {
    const power = round(round(theta) ** round((2 * index) / headSize))
    const ramp = Math.min(1, Math.max(0, round(round(index - round(low)) / round(span))))
    const kept = round(1 - ramp)
    const interpolated = round(1 / round(round(factor) * power))
    return round(round(interpolated * round(1 - kept)) + round(round(1 / power) * kept))
  })
}
