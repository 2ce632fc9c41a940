import {
  type Adapter,
  embedTokens,
  type Model,
  type Parameters,
  tokenRowNames,
} from '../../../../nn/models/index.ts'
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

export interface ObjectiveOptions {
  readonly threads?: number
  readonly temperature: number
  /** What the layers made is kept for the backward pass, made again, or as memory suggests. */
  readonly activations: 'auto' | 'keep' | 'recompute'
  readonly factors?: ObjectiveFactors
  /** Trained in place of the model; gradients are then those of its tensors. */
  readonly adapter?: Adapter
  /** Seed of the adapter's dropout. */
  readonly seed?: number
}

/** Computes the objective of design §4 and its gradient on packs of a step. */
export interface Objective {
  /**
   * Adds the gradient of the packs' share of the loss to `sums`.
   *
   * @param step what the draws of the adapter's dropout belong to, beside the pack's number
   */
  accumulate(packs: readonly Pack[], sums: Parameters, step?: number): Promise<ObjectiveSums>
  dispose(): Promise<void>
}

/** Packs whose activations need no more than this are run as one graph, where memory decides. */
const keptBytes = 1.5 * 2 ** 30

/** The objective in this thread; an operation may use several threads. */
export function createObjective(model: Model, options: ObjectiveOptions): Objective {
  const { threads, temperature, activations, factors = everyFactor } = options
  const { config, parameters } = model
  const { adapter, seed = 0 } = options
  const session = threads ? { threads } : {}
  const runnerOptions = { session, temperature, factors, ...(adapter ? { adapter } : {}) }
  const whole = createWholeModel(model, runnerOptions)
  const layerwise = createLayerwiseModel(model, runnerOptions)
  const runnerFor = (pack: Pack) => {
    const keeps =
      activations === 'auto' ? wholeModelBytes(config, pack) <= keptBytes : activations === 'keep'
    return keeps ? whole : layerwise
  }
  return {
    async accumulate(packs, sums, step = 0) {
      const total = emptySums()
      for (const pack of packs) {
        const x = embedTokens(parameters, pack.tokens, config.hiddenSize)
        const key = { seed, labels: [step, pack.number] }
        const { objective, dx } = await runnerFor(pack).run(pack, x, sums, key)
        addEmbeddingGradient(sums, pack.tokens, dx, config.hiddenSize, adapter)
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

/** Adds row i of `dx` to row tokens[i] of the embedding's sum, or of the rows that are trained. */
function addEmbeddingGradient(
  sums: Parameters,
  tokens: Int32Array,
  dx: Float32Array,
  width: number,
  adapter: Adapter | undefined,
): void {
  const ids = adapter?.config.tokenIds
  if (ids?.length === 0) return
  const table = sums.get(ids ? tokenRowNames.input : 'model.embed_tokens.weight')!.data
  const first = ids?.[0] ?? 0
  for (let index = 0; index < tokens.length; index++) {
    const target = (tokens[index]! - first) * width
    if (target < 0 || target >= table.length) continue
    const source = index * width
    for (let column = 0; column < width; column++) table[target + column]! += dx[source + column]!
  }
}
