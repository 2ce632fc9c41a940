import type { DropReason } from './keep/drop-reason.ts'
import type { Spent } from './teacher.ts'

/** Counts of a run. */
export interface Tally {
  readonly kept: number
  /** How many were not kept, by reason. */
  readonly dropped: Record<string, number>
  /** How many kept dialogs ran so many programs. */
  readonly rounds: Record<string, number>
  readonly spent: Spent
  keep(rounds: number): void
  drop(reason: DropReason): void
  spend(spent: Spent | undefined): void
}

export function createTally(): Tally {
  let kept = 0
  let spent: Spent = { calls: 0, inputTokens: 0, outputTokens: 0 }
  const dropped: Record<string, number> = {}
  const rounds: Record<string, number> = {}
  return {
    get kept() {
      return kept
    },
    get spent() {
      return spent
    },
    dropped,
    rounds,
    keep(count) {
      kept += 1
      rounds[count] = (rounds[count] ?? 0) + 1
    },
    drop(reason) {
      dropped[reason] = (dropped[reason] ?? 0) + 1
    },
    spend(more) {
      if (!more) return
      spent = {
        calls: spent.calls + more.calls,
        inputTokens: spent.inputTokens + more.inputTokens,
        outputTokens: spent.outputTokens + more.outputTokens,
      }
    },
  }
}
