import {
  chooseTokens,
  createRotaryTable,
  layerKind,
  layerParameter,
  type Model,
  packFeeds,
  packShape,
  packSizes,
} from '../../../../nn/models/index.ts'
import { type HostTensor, releaseBuffer, type WorkMemory } from '../../../../nn/runtime/index.ts'
import { dropoutFeeds } from './dropout-feeds.ts'
import { createSessions, type Results } from './graph-sessions.ts'
import { fedParameters, type ModelRunner, type RunnerOptions } from './model-runner.ts'
import { createNarrowHead } from './narrow-head.ts'
import type { Pack } from './pack-step.ts'
import { bothViews } from './term-feeds.ts'
import { keptPrefix, layerGradientGraph, layerGraph, layerKey } from './training-graphs.ts'
import { createWideHead, type WideHeadSizes } from './wide-head.ts'

export interface LayerwiseOptions extends RunnerOptions {
  /** How many layers, from the last, keep what their gradients need; the others make it again. */
  readonly keptLayers: (pack: Pack) => number
  readonly memory: WorkMemory
  /** For output matrices of at least so many elements the wide head is used. */
  readonly wideHead: { readonly from: number; readonly sizes: WideHeadSizes }
}

/** What the forward pass leaves of a layer. */
interface LayerTrace {
  readonly x: HostTensor<Float32Array>
  readonly kept: Results
}

/**
 * Runs a pack layer by layer. Between the passes the hidden states before each layer are there, and
 * for some layers the results of their matrix products; for the others these are made again when
 * their gradient is due. One graph of a kind serves every layer.
 */
export function createLayerwiseModel(model: Model, options: LayerwiseOptions): ModelRunner {
  const { config, parameters } = model
  const { hiddenSize, vocabularySize } = config
  const { adapter, keptLayers, wideHead, memory } = options
  const subject = { config, ...(adapter ? { adapter: adapter.config } : {}) }
  const sessions = createSessions(fedParameters(parameters, adapter), {
    ...options.session,
    holdsMemory: false,
  })
  const table = createRotaryTable(config)
  const runHead =
    hiddenSize * vocabularySize >= wideHead.from
      ? createWideHead(subject, parameters, sessions, options, memory, wideHead.sizes)
      : createNarrowHead(subject, sessions, options)
  const matrix = (data: Float32Array) => ({ data, shape: [data.length / hiddenSize, hiddenSize] })
  const last = config.layers - 1

  return {
    async run(pack, x, sums, dropKey) {
      const shape = packShape(config, pack)
      const wanted = [...pack.labelled, ...bothViews(pack.distilled)]
      const chosen = chooseTokens(
        pack,
        shape,
        wanted.map(({ index }) => index),
      )
      const packed = { ...packFeeds(pack, shape, table), ...chosen.feeds }
      const rows = { all: pack.tokens.length, chosen: chosen.count }
      const feedsOf = (layer: number) => ({
        ...packed,
        ...(adapter ? dropoutFeeds(config, adapter.config, layer, rows, dropKey) : {}),
      })
      const sizes = packSizes(config, packed)
      const settings = (layer: number) => ({
        weightName: (weight: string) => layerParameter(layer, weight),
        sizes,
        memory,
      })
      const keyOf = (layer: number) => layerKey(shape, layerKind(config, layer))
      const runLayer = (layer: number, x: HostTensor, keeps: boolean) =>
        sessions.run(
          `layer:${keyOf(layer)}:${keeps}`,
          () => layerGraph(subject, shape, layerKind(config, layer), keeps),
          { x, ...feedsOf(layer) },
          settings(layer),
        )

      const traces: LayerTrace[] = []
      const firstKept = config.layers - keptLayers(pack)
      let hidden = matrix(x)
      for (let layer = 0; layer <= last; layer++) {
        const { y, ...kept } = await runLayer(layer, hidden, layer >= firstKept)
        traces.push({ x: hidden, kept })
        hidden = y as typeof hidden
      }
      const { objective, dHidden } = await runHead(pack, hidden.data, chosen.placeOf, sums)
      releaseBuffer(hidden.data)
      let dy = matrix(dHidden)
      for (let layer = last; layer >= 0; layer--) {
        const { x, kept } = traces.pop()!
        const known = layer >= firstKept ? kept : keptOf(await runLayer(layer, x, true))
        const results = await sessions.runGradients(
          `gradient:${keyOf(layer)}`,
          (accumulates) =>
            layerGradientGraph(subject, shape, layerKind(config, layer), accumulates),
          { x, 'd:y': dy, ...known, ...feedsOf(layer) },
          sums,
          settings(layer),
        )
        for (const { data } of [x, dy, ...Object.values(known)]) releaseBuffer(data)
        dy = results['d:x'] as typeof dy
      }
      return { objective, dx: dy.data }
    },
    dispose: sessions.dispose,
  }
}

function keptOf(results: Results): Results {
  releaseBuffer(results.y!.data)
  return Object.fromEntries(Object.entries(results).filter(([name]) => name.startsWith(keptPrefix)))
}
