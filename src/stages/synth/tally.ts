import type { DropReason } from './keep/drop-reason.ts'
import { addSpent, nothingSpent, type Spent } from './spent.ts'

/** Counts of a run. */
export interface Tally {
  readonly kept: number
  /** How many were not kept, by reason. */
  readonly dropped: Record<string, number>
  /** How many kept dialogs ran so many programs. */
  readonly rounds: Record<string, number>
  /** What the replies to kept and to dropped instructions took. */
  readonly spentOn: { readonly kept: Spent; readonly dropped: Spent }
  keep(rounds: number, spent?: Spent): void
  drop(reason: DropReason, spent?: Spent): void
}

export function createTally(): Tally {
  let kept = 0
  const spentOn = { kept: nothingSpent, dropped: nothingSpent }
  const dropped: Record<string, number> = {}
  const rounds: Record<string, number> = {}
  return {
    get kept() {
      return kept
    },
    spentOn,
    dropped,
    rounds,
    keep(count, spent = nothingSpent) {
      kept += 1
      spentOn.kept = addSpent(spentOn.kept, spent)
      rounds[count] = (rounds[count] ?? 0) + 1
    },
    drop(reason, spent = nothingSpent) {
      dropped[reason] = (dropped[reason] ?? 0) + 1
      spentOn.dropped = addSpent(spentOn.dropped, spent)
    },
  }
}
