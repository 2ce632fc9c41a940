import type { Random } from '../../core/index.ts'
import type { BlockType } from '../../data/dialog/index.ts'
import type { MaskStrategy } from './options.ts'
import type { MessageLayout } from './sample-layout.ts'

export interface MaskSettings {
  /** Share of the reflection to hide, 0 to 1. */
  rate: number
  /** Order in which `block-type` hides types. */
  blockOrder: readonly BlockType[]
  /** Draws of this sample and pass. */
  random: Random
}

/** Marks tokens of the reflection as hidden; `hidden` counts from the first token after its role. */
type Hide = (hidden: Uint8Array, reflection: MessageLayout, settings: MaskSettings) => void

/**
 * The hidden tokens of a reflection, from the token after `<|assistant|>` up to, not including,
 * `<|endofmessage|>`: 1 is hidden. Counts are ceil(n · rate) in double precision, without tolerance.
 */
export function hideReflection(
  strategy: Exclude<MaskStrategy, 'none'>,
  reflection: MessageLayout,
  settings: MaskSettings,
): Uint8Array {
  const hidden = new Uint8Array(reflection.end - reflection.start - 2)
  strategies[strategy](hidden, reflection, settings)
  return hidden
}

const strategies: Record<Exclude<MaskStrategy, 'none'>, Hide> = {
  all: (hidden) => hidden.fill(1),
  'sequential-token': (hidden, _, { rate }) => hidden.fill(1, 0, Math.ceil(hidden.length * rate)),
  'random-token': (hidden, _, { rate, random }) => {
    for (const index of draw(hidden.length, rate, random)) hidden[index] = 1
  },
  'sequential-block': (hidden, reflection, { rate }) => {
    const count = Math.ceil(reflection.blocks.length * rate)
    for (let index = 0; index < count; index++) hideBlock(hidden, reflection, index)
  },
  'random-block': (hidden, reflection, { rate, random }) => {
    for (const index of draw(reflection.blocks.length, rate, random)) {
      hideBlock(hidden, reflection, index)
    }
  },
  'block-type': (hidden, reflection, { rate, blockOrder }) => {
    const types = blockOrder.filter((_, place) => rate >= typeThresholds[place]!)
    for (const [index, { type }] of reflection.blocks.entries()) {
      if (types.includes(type)) hideBlock(hidden, reflection, index)
    }
  },
}

/** Mask rates from which the first, second and third type are hidden. */
const typeThresholds = [0, 0.33, 0.67]

function draw(count: number, rate: number, random: Random): number[] {
  const indices = Array.from({ length: count }, (_, index) => index)
  return random.shuffle(indices).slice(0, Math.ceil(count * rate))
}

function hideBlock(hidden: Uint8Array, { start, blocks }: MessageLayout, index: number): void {
  const block = blocks[index]!
  hidden.fill(1, block.start - start - 1, block.end - start - 1)
}
