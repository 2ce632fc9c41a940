import {
  chooseTokens,
  createRotaryTable,
  layerKind,
  layerParameter,
  type Model,
  type Parameters,
  packFeeds,
  packShape,
} from '../../../../nn/models/index.ts'
import { dropoutFeeds } from './dropout-feeds.ts'
import { createSessions } from './graph-sessions.ts'
import { fedParameters, type ModelRunner, type RunnerOptions } from './model-runner.ts'
import { addCrossEntropy, addDivergence, emptySums, type ObjectiveSums } from './objective-sums.ts'
import type { Pack } from './pack-step.ts'
import { bothViews, labelledFeeds, pairedFeeds } from './term-feeds.ts'
import { headGraph, layerGradientGraph, layerGraph } from './training-graphs.ts'

/** Logits of one run of a head, in float32 elements (32 MiB). */
export const logitBudget = 8 * 2 ** 20

/**
 * Runs a pack layer by layer: between the passes only the hidden states before each layer are kept,
 * and a layer is computed again for its gradient. One graph of a kind serves every layer.
 */
export function createLayerwiseModel(model: Model, options: RunnerOptions): ModelRunner {
  const { config, parameters } = model
  const { hiddenSize } = config
  const { temperature, factors, adapter } = options
  const subject = { config, ...(adapter ? { adapter: adapter.config } : {}) }
  const sessions = createSessions(fedParameters(parameters, adapter), options.session)
  const table = createRotaryTable(config)
  const rowsPerRun = Math.max(16, Math.floor(logitBudget / config.vocabularySize))
  const matrix = (data: Float32Array) => ({ data, shape: [data.length / hiddenSize, hiddenSize] })
  const nameIn = (layer: number) => (weight: string) => layerParameter(layer, weight)

  async function runHeads(
    pack: Pack,
    hidden: Float32Array,
    placeOf: (token: number) => number,
    sums: Parameters,
  ): Promise<{ objective: ObjectiveSums; dHidden: Float32Array }> {
    const objective = emptySums()
    const dHidden = new Float32Array(hidden.length)
    const runHead = async (
      part: 'labelled' | 'distilled',
      indices: readonly { index: number }[],
      feeds: ReturnType<typeof labelledFeeds>,
    ) => {
      const places = indices.map(({ index }) => placeOf(index))
      const x = matrix(gatherRows(hidden, places, hiddenSize))
      const create = () => headGraph(subject, part, temperature)
      const results = await sessions.runGradients(part, create, { x, ...feeds }, sums)
      scatterRows(dHidden, places, results['d:x']!.data, hiddenSize)
      return results
    }
    for (const chunk of chunksOf(pack.labelled, rowsPerRun)) {
      const results = await runHead('labelled', chunk, labelledFeeds(chunk, factors))
      addCrossEntropy(objective, chunk, results.nll!.data, factors)
    }
    for (const chunk of chunksOf(pack.distilled, Math.ceil(rowsPerRun / 2))) {
      const both = bothViews(chunk)
      const results = await runHead('distilled', both, pairedFeeds(chunk, factors))
      addCrossEntropy(objective, both, results.pairNll!.data, factors)
      addDivergence(objective, chunk, results.kl!.data, factors)
    }
    return { objective, dHidden }
  }

  return {
    async run(pack, x, sums, dropKey) {
      const shape = packShape(pack.rows)
      const wantedTokens = [...pack.labelled, ...bothViews(pack.distilled)]
      const chosen = chooseTokens(
        pack,
        shape,
        wantedTokens.map(({ index }) => index),
      )
      const feeds = { ...packFeeds(pack, shape, table), ...chosen.feeds }
      const last = config.layers - 1
      const key = (layer: number) => {
        const { wanted, window } = layerKind(config, layer)
        return `${wanted}:${window}:${shape.rows}:${shape.blocks}`
      }

      const rows = { all: pack.tokens.length, chosen: chosen.count }
      const dropped = (layer: number) =>
        adapter ? dropoutFeeds(config, adapter.config, layer, rows, dropKey) : {}

      const inputs: Float32Array[] = []
      let hidden = x
      for (let layer = 0; layer <= last; layer++) {
        inputs.push(hidden)
        const create = () => layerGraph(subject, shape, layerKind(config, layer))
        const fed = { x: matrix(hidden), ...feeds, ...dropped(layer) }
        const results = await sessions.run(`layer:${key(layer)}`, create, fed, nameIn(layer))
        hidden = results.y!.data
      }
      const { objective, dHidden } = await runHeads(pack, hidden, chosen.placeOf, sums)
      let dx = dHidden
      for (let layer = last; layer >= 0; layer--) {
        const create = () => layerGradientGraph(subject, shape, layerKind(config, layer))
        const fed = {
          x: matrix(inputs.pop()!),
          'd:y': matrix(dx),
          ...feeds,
          ...dropped(layer),
        }
        const name = `gradient:${key(layer)}`
        const results = await sessions.runGradients(name, create, fed, sums, nameIn(layer))
        dx = results['d:x']!.data
      }
      return { objective, dx }
    },
    dispose: sessions.dispose,
  }
}

/** Rows of a matrix [rows, width], in the order of `places`. */
export function gatherRows(
  rows: Float32Array,
  places: readonly number[],
  width: number,
): Float32Array {
  const result = new Float32Array(places.length * width)
  places.forEach((place, index) => {
    result.set(rows.subarray(place * width, (place + 1) * width), index * width)
  })
  return result
}

function scatterRows(
  target: Float32Array,
  places: readonly number[],
  rows: Float32Array,
  width: number,
): void {
  places.forEach((place, index) => {
    for (let column = 0; column < width; column++) {
      target[place * width + column]! += rows[index * width + column]!
    }
  })
}

export function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = []
  for (let start = 0; start < items.length; start += size) {
    chunks.push(items.slice(start, start + size))
  }
  return chunks
}
