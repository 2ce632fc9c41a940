import type { GraphSessions } from './graph-sessions.ts'
import { addRow, gatherRows, type HeadRunner } from './head-runner.ts'
import type { RunnerOptions } from './model-runner.ts'
import { addCrossEntropy, addDivergence, emptySums } from './objective-sums.ts'
import { bothViews, labelledFeeds, pairedFeeds } from './term-feeds.ts'
import { type GraphSubject, headGraph } from './training-graphs.ts'

/** Logits of one run, in float32 elements (32 MiB). */
export const logitBudget = 8 * 2 ** 20

/** The head as one graph a chunk of positions: for output matrices that are cheap to sum again. */
export function createNarrowHead(
  subject: GraphSubject,
  sessions: GraphSessions,
  { temperature, factors }: RunnerOptions,
): HeadRunner {
  const { hiddenSize, vocabularySize } = subject.config
  const rowsPerRun = Math.max(16, Math.floor(logitBudget / vocabularySize))

  return async (pack, hidden, placeOf, sums) => {
    const objective = emptySums()
    const dHidden = new Float32Array(hidden.length)
    const runHead = async (
      part: 'labelled' | 'distilled',
      indices: readonly { index: number }[],
      feeds: ReturnType<typeof labelledFeeds>,
    ) => {
      const places = indices.map(({ index }) => placeOf(index))
      const x = { data: gatherRows(hidden, places, hiddenSize), shape: [places.length, hiddenSize] }
      const results = await sessions.runGradients(
        part,
        (accumulates) => headGraph(subject, part, temperature, accumulates),
        { x, ...feeds },
        sums,
      )
      places.forEach((place, row) => {
        addRow(dHidden, place, results['d:x']!.data, row, hiddenSize)
      })
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
}

export function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = []
  for (let start = 0; start < items.length; start += size) {
    chunks.push(items.slice(start, start + size))
  }
  return chunks
}
