import { ReflectionCoderError } from '../../core/index.ts'
import type { SynthOptions } from './options.ts'
import { addSpent, nothingSpent, type Spent } from './spent.ts'

export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
}

/** Keeps a run within its money and tokens. */
export interface Budget {
  /**
   * Waits until the worst case fits beside the calls in flight; the result takes what it was,
   * nothing for a call that came to nothing.
   *
   * @param call key of the request: a call made again counts once
   * @throws `BudgetSpent` when it does not fit though no call is in flight
   */
  reserve(worst: Usage, call: string): Promise<(actual?: Usage) => Promise<void>>
  /** Counts what a reply from the cache had cost. */
  spend(usage: Usage, call: string): Promise<void>
}

/** A budget that is held in this process. */
export interface LocalBudget extends Budget {
  /** Counts what many calls had cost. */
  add(spent: Spent): void
  /** All that was counted. */
  readonly spent: Spent
}

/** Options that bound what is spent, in the order of their amounts. */
export const budgetOptions = ['maxTokensTotal', 'maxCost'] as const

export type BudgetOption = (typeof budgetOptions)[number]

export const budgetCodes = {
  maxTokensTotal: 'RC_MAX_TOKENS_TOTAL',
  maxCost: 'RC_MAX_COST',
} as const satisfies Record<BudgetOption, string>

/** The next call might exceed an option; the run ends with what it has. */
export class BudgetSpent extends ReflectionCoderError {
  readonly option: BudgetOption

  constructor(option: BudgetOption) {
    super(`the next call might exceed ${option}`, { code: budgetCodes[option] })
    this.option = option
  }
}

/** Tokens and money, in the order of `budgetOptions`. */
export function amountsOf(usage: Usage, prices: Prices): [tokens: number, cost: number] {
  return [usage.inputTokens + usage.outputTokens, costOf(usage, prices)]
}

export const oneCall = (usage: Usage): Spent => ({
  calls: 1,
  inputTokens: usage.inputTokens,
  outputTokens: usage.outputTokens,
})

export type Prices = Pick<SynthOptions, 'inputPrice' | 'outputPrice'>

/** Money in the currency of the prices, which are per million tokens. */
export function costOf(
  { inputTokens, outputTokens }: Usage,
  { inputPrice, outputPrice }: Prices,
): number {
  return (inputTokens * inputPrice + outputTokens * outputPrice) / 1e6
}

export function createBudget(
  options: Prices & Pick<SynthOptions, 'maxCost' | 'maxTokensTotal'>,
): LocalBudget {
  const { maxCost = Number.POSITIVE_INFINITY, maxTokensTotal = Number.POSITIVE_INFINITY } = options
  let spent = nothingSpent
  let heldTokens = 0
  let heldCost = 0
  let inFlight = 0
  let waiting: (() => void)[] = []
  const exceeded = (tokens: number, cost: number): BudgetOption | undefined => {
    const [spentTokens, spentCost] = amountsOf(spent, options)
    if (spentTokens + heldTokens + tokens > maxTokensTotal) return 'maxTokensTotal'
    if (spentCost + heldCost + cost > maxCost) return 'maxCost'
    return undefined
  }
  const add = (more: Spent) => {
    spent = addSpent(spent, more)
  }
  return {
    add,
    spend: async (usage) => add(oneCall(usage)),
    async reserve(worst) {
      const [tokens, cost] = amountsOf(worst, options)
      for (let option = exceeded(tokens, cost); option; option = exceeded(tokens, cost)) {
        if (inFlight === 0) throw new BudgetSpent(option)
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
      inFlight += 1
      heldTokens += tokens
      heldCost += cost
      return async (actual) => {
        inFlight -= 1
        heldTokens -= tokens
        heldCost -= cost
        if (actual) add(oneCall(actual))
        const woken = waiting
        waiting = []
        for (const wake of woken) wake()
      }
    },
    get spent() {
      return spent
    },
  }
}
