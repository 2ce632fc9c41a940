import { costOf, type LocalBudget } from './budget.ts'
import type { SynthOptions } from './options.ts'
import type { Reply } from './teachers/reply.ts'

/** Counts for the line that is shown while a run goes on. */
export interface LiveCounts {
  kept: number
  dropped: number
  asked(usage: Reply['usage']): void
  note(): string
}

export function createLiveCounts(budget: () => LocalBudget, options: SynthOptions): LiveCounts {
  const started = performance.now()
  let newTokens = 0
  const priced = options.inputPrice > 0 || options.outputPrice > 0
  return {
    kept: 0,
    dropped: 0,
    asked({ outputTokens }) {
      newTokens += outputTokens
    },
    note() {
      const parts = [`${this.kept} kept`, `${this.dropped} dropped`]
      const seconds = (performance.now() - started) / 1000
      if (newTokens > 0) parts.push(`${Math.round(newTokens / seconds)} tokens/s`)
      if (priced) parts.push(`cost ${costOf(budget().spent, options).toFixed(2)}`)
      return parts.join(', ')
    },
  }
}
