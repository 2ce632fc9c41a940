import type { GraphSessions } from './graph-sessions.ts'
import { addRow, type HeadRunner } from './head-runner.ts'
import { sumHeadTerms } from './head-terms.ts'
import type { RunnerOptions } from './model-runner.ts'
import { type GraphSubject, headGraph } from './training-graphs.ts'

/** The head as one graph a chunk of positions: for output matrices that are cheap to sum again. */
export function createNarrowHead(
  subject: GraphSubject,
  sessions: GraphSessions,
  { temperature, factors }: RunnerOptions,
): HeadRunner {
  const { config } = subject
  return async (pack, hidden, placeOf, sums) => {
    const dHidden = new Float32Array(hidden.length)
    const objective = await sumHeadTerms(
      pack,
      hidden,
      placeOf,
      config,
      factors,
      async (part, feeds, places) => {
        const results = await sessions.runGradients(
          part,
          (accumulates) => headGraph(subject, part, temperature, accumulates),
          feeds,
          sums,
        )
        places.forEach((place, row) => {
          addRow(dHidden, place, results['d:x']!.data, row, config.hiddenSize)
        })
        return results
      },
    )
    return { objective, dHidden }
  }
}
