import {
  type Adapter,
  chooseTokens,
  createRotaryTable,
  embedTokens,
  fillPack,
  layerKind,
  layerParameter,
  type Model,
  packFeeds,
  packShape,
} from '../../../../nn/models/index.ts'
import { createSessions } from './graph-sessions.ts'
import { sumHeadTerms } from './head-terms.ts'
import { fedParameters } from './model-runner.ts'
import { addSums, emptySums, everyFactor, type ObjectiveSums } from './objective-sums.ts'
import type { Pack } from './pack-step.ts'
import { bothViews } from './term-feeds.ts'
import { headLossGraph, layerGraph, layerKey } from './training-graphs.ts'

export interface ForwardOptions {
  readonly threads?: number
  readonly temperature: number
  /** Beside the model; its dropout is left out. */
  readonly adapter?: Adapter
}

/** Computes the objective without gradients, layer by layer. */
export interface ForwardObjective {
  measure(packs: readonly Pack[]): Promise<ObjectiveSums>
  dispose(): Promise<void>
}

export function createForwardObjective(
  { config, parameters }: Model,
  { threads = 0, temperature, adapter }: ForwardOptions,
): ForwardObjective {
  const { hiddenSize } = config
  const subject = {
    config,
    ...(adapter ? { adapter: { ...adapter.config, dropout: 0 } } : {}),
  }
  const sessions = createSessions(fedParameters(parameters, adapter), { threads })
  const table = createRotaryTable(config)
  const matrix = (data: Float32Array) => ({ data, shape: [data.length / hiddenSize, hiddenSize] })

  async function runLayers(given: Pack) {
    const pack = fillPack(config, given)
    const shape = packShape(config, pack)
    const wanted = [...pack.labelled, ...bothViews(pack.distilled)].map(({ index }) => index)
    const chosen = chooseTokens(pack, shape, wanted)
    const feeds = { ...packFeeds(pack, shape, table), ...chosen.feeds }
    let hidden = embedTokens(parameters, pack.tokens, hiddenSize)
    for (let layer = 0; layer < config.layers; layer++) {
      const kind = layerKind(config, layer)
      const create = () => layerGraph(subject, shape, kind, false)
      const weightName = (weight: string) => layerParameter(layer, weight)
      const results = await sessions.run(
        layerKey(shape, kind),
        create,
        { x: matrix(hidden), ...feeds },
        { weightName },
      )
      hidden = results.y!.data
    }
    return { hidden, placeOf: chosen.placeOf }
  }

  async function measurePack(pack: Pack): Promise<ObjectiveSums> {
    const { hidden, placeOf } = await runLayers(pack)
    return sumHeadTerms(pack, hidden, placeOf, config, everyFactor, (part, feeds) =>
      sessions.run(part, () => headLossGraph(subject, part, temperature), feeds),
    )
  }

  return {
    async measure(packs) {
      const total = emptySums()
      for (const pack of packs) addSums(total, await measurePack(pack))
      return total
    },
    dispose: sessions.dispose,
  }
}
