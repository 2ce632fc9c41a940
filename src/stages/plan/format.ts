import type { SpecialToken } from '../../data/dialog/index.ts'
import type { MaskStrategy, PlanOptions } from './options.ts'

export const planFormat = 'reflectioncoder-plan'
export const planVersion = 2

/** Names in a plan folder; the manifest is written last, so a folder that has it is complete. */
export const planFiles = {
  manifest: 'manifest.json',
  tokens: 'tokens.safetensors',
  steps: 'steps.jsonl',
  samples: 'samples.jsonl',
  validation: 'validation.jsonl',
} as const

/** Positions from start up to, not including, end. */
export type Span = [start: number, end: number]

export interface PlannedStep {
  /** From 0. */
  step: number
  /** From 0. */
  epoch: number
  learningRate: number
  maskRate: number
  microBatches: MicroBatch[]
}

/**
 * The loss of a step is the sum over its micro-batches of `crossEntropyScale` times the sum of
 * cross-entropies over the label targets of all rows, plus `distillScale` times the sum of
 * KL(teacher ‖ student) over the distilled positions.
 */
export interface MicroBatch {
  /** Index into `data` of the manifest. */
  dataset: number
  crossEntropyScale: number
  /** 0 when nothing is distilled. */
  distillScale: number
  /** The rows of a distilled sample stand together, the teacher's first. */
  rows: PlannedRow[]
}

export interface PlannedRow {
  /** Index into `offsets` of the token file. */
  sample: number
  view: 'teacher' | 'student' | 'plain'
  /** The strategy that hid tokens of a student row. */
  strategy?: MaskStrategy
  /** Kept tokens; a token's position id is its position in the sample, hidden ones counted. */
  spans: Span[]
  /** Targets t, each predicted from the logits at t − 1, which are always kept. */
  labels: Span[]
  /** Positions whose logits are distilled; the same on both rows of a sample. */
  distill?: Span
}

/** One listed file. Counts are those of one pass. */
export interface PlannedDataset {
  /** As given in the options. */
  path: string
  sha256: string
  /** Samples that are trained, of them `reflection` and `plain`. */
  samples: number
  reflection: number
  plain: number
  /** Longer than `maxLength`. */
  dropped: number
  /** Instructions without an answer to learn. */
  unanswered: number
  /** Samples whose content spells one of the seven tokens; it was tokenised as plain text. */
  spelledTokens: number
}

export interface PlanCounts {
  /** Stored samples; a file listed twice is stored once. */
  samples: number
  dropped: number
  steps: number
  microBatches: number
  rows: number
  /** Tokens of all rows before hidden ones are left out. */
  tokens: number
  /** Tokens that are computed. */
  tokensKept: number
  labelPositions: number
  distillPositions: number
}

export interface PlanManifest {
  format: typeof planFormat
  version: typeof planVersion
  config: Omit<PlanOptions, 'out' | 'overwrite'>
  data: PlannedDataset[]
  tokenizerSha256: string
  modelConfigSha256: string
  bosId: number | null
  eosId: number
  specialTokens: Record<SpecialToken, number>
  addedTokens: { token: SpecialToken; id: number; sourceIds: number[] }[]
  /** Highest token id + 1. */
  vocabularySize: number
  counts: PlanCounts
  /** What is held out; null where nothing is. */
  validation: PlannedValidation | null
  steps: number
  optimizer: {
    learningRate: number
    betas: [number, number]
    epsilon: number
    weightDecay: number
    maxGradientNorm: number
    warmupSteps: number
    schedule: 'cosine'
  }
  /** SHA-256 of the other files. */
  files: Record<Exclude<keyof typeof planFiles, 'manifest'>, string>
}

/**
 * Samples that are not trained on. Each is a micro-batch of its own, in the order of the files; their
 * scales are those of one step over all of them.
 */
export interface PlannedValidation {
  data: PlannedDataset[]
  maskRate: number
  counts: Omit<PlanCounts, 'steps'>
}
