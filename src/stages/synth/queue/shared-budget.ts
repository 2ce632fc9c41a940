import { setTimeout as delay } from 'node:timers/promises'
import type { SharedLedger } from '../../../core/index.ts'
import { amountsOf, type Budget, BudgetSpent, budgetOptions, type Prices } from '../budget.ts'

/** Milliseconds between two looks at whether a call fits by now. */
const lookAgainMs = 100

/** A budget that all workers of a run keep together; its limits are those that the giver set last. */
export function sharedBudget(ledger: SharedLedger, prices: Prices): Budget {
  return {
    spend: (usage, call) => ledger.settle(call, amountsOf(usage, prices), false),
    async reserve(worst, call) {
      for (;;) {
        const claimed = await ledger.claim(call, amountsOf(worst, prices))
        if (claimed.fits) break
        const option = budgetOptions[claimed.exceeded] ?? 'maxCost'
        if (claimed.held === 0) throw new BudgetSpent(option)
        await delay(lookAgainMs)
      }
      return (actual) => ledger.settle(call, amountsOf(actual, prices), true)
    },
  }
}
