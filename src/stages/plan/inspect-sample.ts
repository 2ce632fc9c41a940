import { createRandom } from '../../core/index.ts'
import type { BlockType, Role } from '../../data/dialog/index.ts'
import type { Span } from './format.ts'
import { studentLabels, teacherLabels } from './labels.ts'
import type { MaskStrategy } from './options.ts'
import { readLayout, type SpecialIds } from './sample-layout.ts'
import { studentSpans } from './visibility.ts'

/** A block of a sample, in numbers of tokens, its type token and `<|endofblock|>` included. */
export interface InspectedBlock {
  message: number
  role: Role
  type: BlockType
  start: number
  end: number
  teacherSees: number
  teacherLearns: number
  /** 0 for all of a plain sample's blocks, which no student reads. */
  studentSees: number
  studentLearns: number
}

export interface InspectSettings {
  strategy: MaskStrategy
  /** Share of the reflection hidden from the student, 0 to 1. */
  maskRate: number
  blockOrder: readonly BlockType[]
  /** Whether the sample has a reflection; a plain sample has no student. */
  reflection: boolean
  seed: number
}

/** What teacher and student see and learn of each block of a tokenised sample. */
export function inspectSample(
  ids: ArrayLike<number>,
  specialIds: SpecialIds,
  { strategy, maskRate, blockOrder, reflection, seed }: InspectSettings,
): InspectedBlock[] {
  const layout = readLayout(ids, specialIds)
  const settings = { rate: maskRate, blockOrder, random: createRandom(seed, 'inspect') }
  const seen = reflection ? studentSpans(layout, strategy, settings) : []
  const learned = reflection ? studentLabels(layout) : []
  const teacherLearned = teacherLabels(layout)
  return layout.messages.flatMap(({ role, blocks }, message) =>
    blocks.map(({ type, start, end }) => ({
      message,
      role,
      type,
      start,
      end,
      teacherSees: end - start,
      teacherLearns: countWithin(teacherLearned, start, end),
      studentSees: countWithin(seen, start, end),
      studentLearns: countWithin(learned, start, end),
    })),
  )
}

function countWithin(spans: readonly Span[], start: number, end: number): number {
  return spans.reduce(
    (sum, [from, to]) => sum + Math.max(0, Math.min(to, end) - Math.max(from, start)),
    0,
  )
}
