import {
  type Adapter,
  embedTokens,
  fillPack,
  type Model,
  type Parameters,
  tokenRowNames,
} from '../../../../nn/models/index.ts'
import { createWorkMemory, releaseBuffer, type WorkMemory } from '../../../../nn/runtime/index.ts'
import { createLayerwiseModel } from './layerwise-model.ts'
import {
  addSums,
  emptySums,
  everyFactor,
  type ObjectiveFactors,
  type ObjectiveSums,
} from './objective-sums.ts'
import type { Pack } from './pack-step.ts'
import { createWholeModel, wholeModelBytes } from './whole-model.ts'
import { usualSizes, type WideHeadSizes } from './wide-head.ts'

export interface ObjectiveOptions {
  readonly threads?: number
  readonly temperature: number
  /** What the layers made is kept for the backward pass, made again, or as memory suggests. */
  readonly activations: 'auto' | 'keep' | 'recompute'
  /** Bytes for what layers keep, where memory decides; default 2 GiB. */
  readonly keptBytes?: number
  readonly factors?: ObjectiveFactors
  /** Trained in place of the model; gradients are then those of its tensors. */
  readonly adapter?: Adapter
  /** Seed of the adapter's dropout. */
  readonly seed?: number
  /** Packs that need no more bytes than this run as one graph; default 1.5 GiB. */
  readonly wholeBytes?: number
  /** Of a model run layer by layer; default one of its own. */
  readonly memory?: WorkMemory
  /** As in `LayerwiseOptions`; default: from 2^25 elements on. */
  readonly wideHead?: { readonly from: number; readonly sizes: WideHeadSizes }
}

/** Default of `wholeBytes`. */
export const usualWholeBytes = 1.5 * 2 ** 30

/** Elements of an output matrix from which on the wide head is used. */
export const widestNarrowHead = 2 ** 25

/** Computes the objective of design §4 and its gradient on packs of a step. */
export interface Objective {
  /**
   * Adds the gradient of the packs' share of the loss to `sums`. A tensor that `sums` lacks counts
   * as zero; all trained tensors are there afterwards. Those that were lacking hold until the next
   * call: their memory may be used again.
   *
   * @param step what the draws of the adapter's dropout belong to, beside the pack's number
   */
  accumulate(packs: readonly Pack[], sums: Parameters, step?: number): Promise<ObjectiveSums>
  dispose(): Promise<void>
}

/** The objective in this thread; an operation may use several threads. */
export function createObjective(model: Model, options: ObjectiveOptions): Objective {
  const { threads = 0, temperature, activations, factors = everyFactor } = options
  const { config, parameters } = model
  const { adapter, seed = 0, wholeBytes = usualWholeBytes, keptBytes = 2 * 2 ** 30 } = options
  const { wideHead = { from: widestNarrowHead, sizes: usualSizes } } = options
  const session = { threads }
  const memory = options.memory ?? createWorkMemory()
  const runnerOptions = { session, temperature, factors, ...(adapter ? { adapter } : {}) }
  const keptLayers = (pack: Pack) => {
    if (activations !== 'auto') return activations === 'keep' ? config.layers : 0
    return Math.min(config.layers, Math.floor(keptBytes / keptLayerBytes(config, pack)))
  }
  const whole = createWholeModel(model, runnerOptions)
  const layerwise = createLayerwiseModel(model, {
    ...runnerOptions,
    keptLayers,
    wideHead,
    memory,
  })
  const runnerFor = (pack: Pack) =>
    activations !== 'recompute' && wholeModelBytes(config, pack) <= wholeBytes ? whole : layerwise
  return {
    async accumulate(packs, sums, step = 0) {
      const total = emptySums()
      for (const given of packs) {
        const pack = fillPack(config, given)
        const x = embedTokens(parameters, pack.tokens, config.hiddenSize)
        const key = { seed, labels: [step, pack.number] }
        const { objective, dx } = await runnerFor(pack).run(pack, x, sums, key)
        addEmbeddingGradient(sums, pack.tokens, dx, model, adapter)
        releaseBuffer(dx)
        addSums(total, objective)
      }
      return total
    },
    async dispose() {
      await whole.dispose()
      await layerwise.dispose()
    },
  }
}

/** Bytes of what one layer keeps for its gradient beside its input. */
export function keptLayerBytes(
  { hiddenSize, intermediateSize, heads, keyValueHeads, headSize }: Model['config'],
  { tokens }: Pick<Pack, 'tokens'>,
): number {
  const perToken = 2 * heads * headSize + 2 * keyValueHeads * headSize + hiddenSize
  return 4 * tokens.length * (perToken + 2 * intermediateSize)
}

/** Adds row i of `dx` to row tokens[i] of the embedding's sum, or of the rows that are trained. */
function addEmbeddingGradient(
  sums: Parameters,
  tokens: Int32Array,
  dx: Float32Array,
  { config, parameters }: Model,
  adapter: Adapter | undefined,
): void {
  const ids = adapter?.config.tokenIds
  if (ids?.length === 0) return
  const width = config.hiddenSize
  const name = ids ? tokenRowNames.input : 'model.embed_tokens.weight'
  if (!sums.has(name)) {
    const { shape } = (adapter?.parameters ?? parameters).get(name)!
    sums.set(name, { data: new Float32Array(shape[0]! * width), shape })
  }
  const table = sums.get(name)!.data
  const first = ids?.[0] ?? 0
  for (let index = 0; index < tokens.length; index++) {
    const target = (tokens[index]! - first) * width
    if (target < 0 || target >= table.length) continue
    const source = index * width
    for (let column = 0; column < width; column++) table[target + column]! += dx[source + column]!
  }
}
