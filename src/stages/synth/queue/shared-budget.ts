import { setTimeout as delay } from 'node:timers/promises'
import type { SharedLedger } from '../../../core/index.ts'
import {
  amountsOf,
  type Budget,
  BudgetSpent,
  budgetOptions,
  oneCall,
  type Prices,
  type Usage,
} from '../budget.ts'
import type { SynthOptions } from '../options.ts'
import { nothingSpent, type Spent } from '../spent.ts'

/** Milliseconds between two looks at whether a call fits by now. */
const lookAgainMs = 100

/** A budget that all workers of a run keep together; its limits are those that the giver set last. */
export function sharedBudget(ledger: SharedLedger, prices: Prices): Budget {
  return {
    spend: (usage, call) => ledger.settle(call, entryOf(oneCall(usage), prices), false),
    async reserve(worst, call) {
      for (;;) {
        const claimed = await ledger.claim(call, entryOf(oneCall(worst), prices))
        if (claimed.fits) break
        const option = budgetOptions[claimed.exceeded] ?? 'maxCost'
        if (claimed.held === 0) throw new BudgetSpent(option)
        await delay(lookAgainMs)
      }
      return (actual?: Usage) =>
        ledger.settle(call, entryOf(actual ? oneCall(actual) : nothingSpent, prices), true)
    },
  }
}

/** Sets what all workers may spend and what was spent before. */
export async function openSharedBudget(
  ledger: SharedLedger,
  options: Prices & Pick<SynthOptions, 'maxCost' | 'maxTokensTotal' | 'overwrite'>,
  spent: Spent,
): Promise<void> {
  const limits = budgetOptions.map((name) => options[name])
  const unlimited = Number.POSITIVE_INFINITY
  const all = entryOf(spent, options).map((_, place) => limits[place] ?? unlimited)
  await ledger.open(all, entryOf(spent, options), options.overwrite)
}

/** What all workers have spent, on finished instructions and others. */
export async function readSharedBudget(ledger: SharedLedger): Promise<Spent> {
  const [, , calls = 0, inputTokens = 0, outputTokens = 0] = await ledger.total(5)
  return { calls, inputTokens, outputTokens }
}

/** The amounts that have limits first. */
function entryOf(spent: Spent, prices: Prices): number[] {
  return [...amountsOf(spent, prices), spent.calls, spent.inputTokens, spent.outputTokens]
}
