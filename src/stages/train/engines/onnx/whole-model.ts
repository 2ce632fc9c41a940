import {
  type Adapter,
  chooseTokens,
  createRotaryTable,
  type DecoderConfig,
  type Model,
  packFeeds,
  packShape,
  parameterShapes,
} from '../../../../nn/models/index.ts'
import type { HostTensor } from '../../../../nn/runtime/index.ts'
import { type DropKey, dropoutFeeds } from './dropout-feeds.ts'
import { createSessions } from './graph-sessions.ts'
import { fedParameters, type ModelRunner, type RunnerOptions } from './model-runner.ts'
import { addCrossEntropy, addDivergence, emptySums } from './objective-sums.ts'
import type { Pack } from './pack-step.ts'
import { bothViews, indexVector, labelledFeeds, pairedFeeds } from './term-feeds.ts'
import { wholeModelGraph } from './training-graphs.ts'

/** Runs a pack as one graph: nothing is computed twice, and nothing but sums leaves the run. */
export function createWholeModel(model: Model, options: RunnerOptions): ModelRunner {
  const { config, parameters } = model
  const { temperature, factors, adapter } = options
  const subject = { config, ...(adapter ? { adapter: adapter.config } : {}) }
  const sessions = createSessions(fedParameters(parameters, adapter), options.session)
  const table = createRotaryTable(config)
  return {
    async run(pack, x, sums, dropKey) {
      const { labelled, distilled } = pack
      const shape = packShape(config, pack)
      const choice = { labelled: labelled.length > 0, distilled: distilled.length > 0 }
      const both = bothViews(distilled)
      const indices = [...labelled, ...both].map(({ index }) => index)
      const chosen = chooseTokens(pack, shape, indices)
      const places = (of: readonly { index: number }[]) =>
        indexVector(of.map(({ index }) => chosen.placeOf(index)))
      const key = [...Object.values(shape), choice.labelled, choice.distilled].join(':')
      const results = await sessions.runGradients(
        key,
        (accumulates) => wholeModelGraph(subject, shape, choice, temperature, accumulates),
        {
          x: { data: x, shape: [pack.tokens.length, config.hiddenSize] },
          ...packFeeds(pack, shape, table),
          ...chosen.feeds,
          labelledAt: places(labelled),
          pairedAt: places(both),
          ...labelledFeeds(labelled, factors),
          ...pairedFeeds(distilled, factors),
          ...(adapter ? allDropoutFeeds(config, adapter, pack, chosen.count, dropKey) : {}),
        },
        sums,
      )
      const objective = emptySums()
      if (choice.labelled) addCrossEntropy(objective, labelled, results.nll!.data, factors)
      if (choice.distilled) {
        addCrossEntropy(objective, both, results.pairNll!.data, factors)
        addDivergence(objective, distilled, results.kl!.data, factors)
      }
      return { objective, dx: results['d:x']!.data }
    },
    dispose: sessions.dispose,
  }
}

function allDropoutFeeds(
  config: DecoderConfig,
  adapter: Adapter,
  { tokens }: Pack,
  chosen: number,
  key: DropKey,
): Record<string, HostTensor> {
  const rows = { all: tokens.length, chosen }
  const layers = Array.from({ length: config.layers }, (_, layer) =>
    dropoutFeeds(config, adapter.config, layer, rows, key, `${layer}:`),
  )
  return Object.assign({}, ...layers)
}

/** Bytes of what one run holds at its peak: activations, logits, weights and two sets of sums. */
export function wholeModelBytes(config: DecoderConfig, pack: Pack): number {
  const { layers, hiddenSize, intermediateSize, heads, headSize, vocabularySize } = config
  const perToken = 6 * hiddenSize + 4 * heads * headSize + 5 * intermediateSize
  const scores = countScores(config, pack)
  const logits = (pack.labelled.length + 2 * pack.distilled.length) * vocabularySize
  const weights = [...parameterShapes(config).values()]
    .map((shape) => shape.reduce((product, size) => product * size, 1))
    .reduce((sum, size) => sum + size, 0)
  return 4 * (layers * (pack.tokens.length * perToken + scores) + 4 * logits + 3 * weights)
}

/** Scores of attention of one layer: those of every block of queries. */
export function countScores(config: DecoderConfig, pack: Pack): number {
  const { blocks } = packShape(config, pack)
  const share = (blocks + 1) / (2 * blocks)
  return pack.rows.reduce((sum, { length }) => sum + share * length ** 2, 0) * config.heads
}
