import { availableParallelism } from 'node:os'
import {
  type AdapterConfig,
  adapterShapes,
  countParameters,
  type DecoderConfig,
  parameterShapes,
} from '../../../../nn/models/index.ts'
import type { Plan } from '../../../plan/index.ts'
import { keptLayerBytes, usualWholeBytes, widestNarrowHead } from './objective.ts'
import { type Pack, packStep } from './pack-step.ts'
import { smallModel } from './parallel-objective.ts'
import { countScores, wholeModelBytes } from './whole-model.ts'
import { usualSizes } from './wide-head.ts'

/** What is trained or measured, and how. */
export interface MemorySubject {
  /** Training has the moments of AdamW; a loss has every gradient from the start, and one lane. */
  readonly work: 'train' | 'loss'
  readonly config: DecoderConfig
  readonly adapter?: AdapterConfig
  /** 0 takes all. */
  readonly threads: number
  readonly activations: 'auto' | 'keep' | 'recompute'
}

/** Memory of a training run, in bytes. */
export interface MemoryPrediction {
  /** Resident memory of the process at its peak. */
  readonly bytes: number
  /** What layers may keep between the passes; more than they need where memory does not decide. */
  readonly keptBytes: number
  /** The part of the peak that does not depend on the length of the samples. */
  readonly stateBytes: number
}

/** Node, ONNX Runtime and the program, and what each thread that runs packs adds. */
const programBytes = 200 * 2 ** 20
const threadBytes = 40 * 2 ** 20

/** A tokenizer, for each entry of its vocabulary: measured with 151,672 entries. */
const tokenBytes = 912

/**
 * What ONNX Runtime holds of memory for what one run needs, measured on models/kata-base: its arenas
 * grow by doubling, and nothing goes back. The masks and inputs of an adapter come on top.
 */
const arenaGrowth = { model: 1.75, adapter: 2.75 } as const

/**
 * Predicts the peak of a run from the plan: that of the step that needs most.
 *
 * @param limit bytes that the process may take: with `activations` auto, layers keep what fits
 */
export async function predictMemory(
  subject: MemorySubject,
  plan: Pick<Plan, 'steps' | 'sampleTokens'>,
  tokensPerRun: number,
  limit: number,
): Promise<MemoryPrediction> {
  const packs = await largestPacks(plan, tokensPerRun)
  const without = Math.max(0, ...packs.map((pack) => packBytes(subject, pack, 0)))
  const stateBytes = stateOf(subject)
  const keptBytes = Math.max(0, limit - stateBytes - without)
  const most = Math.max(0, ...packs.map((pack) => packBytes(subject, pack, keptBytes)))
  return { bytes: stateBytes + most, keptBytes, stateBytes }
}

/** The packs of a plan that may need most: of each number of rows those with most of something. */
async function largestPacks(
  { steps, sampleTokens }: Pick<Plan, 'steps' | 'sampleTokens'>,
  tokensPerRun: number,
): Promise<Pack[]> {
  const largest = new Map<string, Pack>()
  const sizes = {
    tokens: (pack: Pack) => pack.tokens.length,
    positions: (pack: Pack) => pack.labelled.length + 2 * pack.distilled.length,
  }
  for await (const { microBatches } of steps()) {
    for (const pack of packStep(microBatches, sampleTokens, tokensPerRun)) {
      for (const [name, size] of Object.entries(sizes)) {
        const key = `${pack.rows.length}:${name}`
        const known = largest.get(key)
        if (known === undefined || size(known) < size(pack)) largest.set(key, pack)
      }
    }
  }
  return [...new Set(largest.values())]
}

/** Weights, and for what is trained both moments of AdamW, or in a loss its gradient. */
function stateOf(subject: MemorySubject): number {
  const { config, adapter, work } = subject
  const weights = countParameters(parameterShapes(config))
  const trained = adapter ? countParameters(adapterShapes(config, adapter)) : weights
  const own = adapter ? trained : 0
  const lanes = countLanes(subject)
  // Each lane, and the memory that it shares, has weights and gradients of its own.
  const shared = lanes > 1 ? 4 * (weights + lanes * 3 * weights) + lanes * threadBytes : 0
  const beside = work === 'train' ? 2 * trained : trained
  const program = programBytes + tokenBytes * config.vocabularySize
  return program + 4 * (weights + own + beside) + shared
}

function countLanes({ work, config, adapter, threads }: MemorySubject): number {
  if (work === 'loss') return 1
  const small = countParameters(parameterShapes(config)) <= smallModel
  return small && !adapter ? threads || availableParallelism() : 1
}

/** What a pack needs at its peak beside the state, gradients included where the state lacks them. */
function packBytes(subject: MemorySubject, pack: Pack, keptBytes: number): number {
  const { work, config, adapter, activations } = subject
  const whole = wholeModelBytes(config, pack)
  if (activations !== 'recompute' && whole <= usualWholeBytes) {
    return countLanes(subject) * whole * (adapter ? arenaGrowth.adapter : arenaGrowth.model)
  }
  const { layers, hiddenSize, vocabularySize } = config
  const each = keptLayerBytes(config, pack)
  const fitting = Math.min(layers, Math.floor(keptBytes / each))
  const kept = activations === 'auto' ? fitting : activations === 'keep' ? layers : 0
  const between = 4 * pack.tokens.length * hiddenSize * (layers + 1)
  const shapes = adapter ? adapterShapes(config, adapter) : parameterShapes(config)
  const trained = work === 'train' ? countParameters(shapes) : 0
  const matrix = vocabularySize * hiddenSize
  const outputGradient = adapter || work === 'loss' ? 0 : 4 * matrix
  const inHead = kept * each + between + headBytes(config, pack) + outputGradient
  const inLastLayers = 4 * trained + each
  return workingBytes(config, pack) + Math.max(inHead, inLastLayers)
}

/** Distributions of all positions that are computed together, and two parts of them being made. */
function headBytes({ vocabularySize, hiddenSize }: DecoderConfig, pack: Pack): number {
  const rows = pack.labelled.length + 2 * pack.distilled.length
  const all = 4 * rows * vocabularySize
  // Positions go in groups of like size.
  const together = all / Math.max(1, Math.ceil(all / usualSizes.shareBytes))
  if (hiddenSize * vocabularySize < widestNarrowHead) return 4 * 32 * 2 ** 20
  const part = usualSizes.columns / vocabularySize
  return together * (1 + 2 * part) + 4 * 3 * rows * hiddenSize
}

/** What a layer's forward pass and its gradient work with. */
function workingBytes(config: DecoderConfig, pack: Pack): number {
  const { hiddenSize, intermediateSize, heads, headSize } = config
  const perToken = 6 * hiddenSize + 8 * heads * headSize + 5 * intermediateSize
  const weights = 3 * hiddenSize * intermediateSize + 3 * hiddenSize * heads * headSize
  return 4 * (pack.tokens.length * perToken + countScores(config, pack) + weights)
}
