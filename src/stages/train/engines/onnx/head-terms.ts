import type { DecoderConfig } from '../../../../nn/models/index.ts'
import type { Feeds, Results } from './graph-sessions.ts'
import { gatherRows } from './head-runner.ts'
import {
  addCrossEntropy,
  addDivergence,
  emptySums,
  type ObjectiveFactors,
  type ObjectiveSums,
} from './objective-sums.ts'
import type { Pack } from './pack-step.ts'
import { bothViews, labelledFeeds, pairedFeeds } from './term-feeds.ts'

/** Logits of one run, in float32 elements (32 MiB). */
const logitBudget = 8 * 2 ** 20

/**
 * Sums the terms of a pack over graphs that see some positions at a time.
 *
 * @param hidden [chosen tokens, hidden], after the last layer
 * @param placeOf row of a token of the pack in `hidden`
 * @param run gives `nll`, or `pairNll` and `kl`, of the rows `x`, which stand at `places` of `hidden`
 */
export async function sumHeadTerms(
  pack: Pack,
  hidden: Float32Array,
  placeOf: (token: number) => number,
  { hiddenSize, vocabularySize }: DecoderConfig,
  factors: ObjectiveFactors,
  run: (
    part: 'labelled' | 'distilled',
    feeds: Feeds,
    places: readonly number[],
  ) => Promise<Results>,
): Promise<ObjectiveSums> {
  const objective = emptySums()
  const rowsPerRun = Math.max(16, Math.floor(logitBudget / vocabularySize))
  const runAt = (
    part: 'labelled' | 'distilled',
    positions: readonly { index: number }[],
    feeds: Feeds,
  ) => {
    const places = positions.map(({ index }) => placeOf(index))
    const x = { data: gatherRows(hidden, places, hiddenSize), shape: [places.length, hiddenSize] }
    return run(part, { x, ...feeds }, places)
  }
  for (const chunk of chunksOf(pack.labelled, rowsPerRun)) {
    const { nll } = await runAt('labelled', chunk, labelledFeeds(chunk, factors))
    addCrossEntropy(objective, chunk, nll!.data, factors)
  }
  for (const chunk of chunksOf(pack.distilled, Math.ceil(rowsPerRun / 2))) {
    const both = bothViews(chunk)
    const { pairNll, kl } = await runAt('distilled', both, pairedFeeds(chunk, factors))
    addCrossEntropy(objective, both, pairNll!.data, factors)
    addDivergence(objective, chunk, kl!.data, factors)
  }
  return objective
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = []
  for (let start = 0; start < items.length; start += size) {
    chunks.push(items.slice(start, start + size))
  }
  return chunks
}
