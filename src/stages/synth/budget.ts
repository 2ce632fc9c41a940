import type { SynthOptions } from './options.ts'

interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
}

/** Keeps a run within its money and tokens. */
export interface Budget {
  /** Waits until the worst case fits beside the calls in flight; the result takes what it was. */
  reserve(worst: Usage): Promise<(actual: Usage) => void>
  /** Counts what a reply from the cache had cost. */
  spend(usage: Usage): void
  readonly spentTokens: number
  readonly spentCost: number
}

/** The next call might exceed `maxCost` or `maxTokensTotal`; the run ends with what it has. */
export class BudgetSpent extends Error {
  readonly option: 'maxCost' | 'maxTokensTotal'

  constructor(option: 'maxCost' | 'maxTokensTotal') {
    super(`the next call might exceed ${option}`)
    this.option = option
  }
}

/** Money in the currency of the prices, which are per million tokens. */
export function costOf(
  { inputTokens, outputTokens }: Usage,
  { inputPrice, outputPrice }: Pick<SynthOptions, 'inputPrice' | 'outputPrice'>,
): number {
  return (inputTokens * inputPrice + outputTokens * outputPrice) / 1e6
}

export function createBudget(
  options: Pick<SynthOptions, 'inputPrice' | 'outputPrice' | 'maxCost' | 'maxTokensTotal'>,
): Budget {
  const { maxCost = Number.POSITIVE_INFINITY, maxTokensTotal = Number.POSITIVE_INFINITY } = options
  let spentTokens = 0
  let spentCost = 0
  let heldTokens = 0
  let heldCost = 0
  let inFlight = 0
  let waiting: (() => void)[] = []
  const tokensOf = (usage: Usage) => usage.inputTokens + usage.outputTokens
  const exceeded = (worst: Usage): BudgetSpent['option'] | undefined => {
    if (spentTokens + heldTokens + tokensOf(worst) > maxTokensTotal) return 'maxTokensTotal'
    if (spentCost + heldCost + costOf(worst, options) > maxCost) return 'maxCost'
    return undefined
  }
  const spend = (usage: Usage) => {
    spentTokens += tokensOf(usage)
    spentCost += costOf(usage, options)
  }
  return {
    spend,
    async reserve(worst) {
      for (let option = exceeded(worst); option !== undefined; option = exceeded(worst)) {
        if (inFlight === 0) throw new BudgetSpent(option)
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
      inFlight += 1
      heldTokens += tokensOf(worst)
      heldCost += costOf(worst, options)
      return (actual) => {
        inFlight -= 1
        heldTokens -= tokensOf(worst)
        heldCost -= costOf(worst, options)
        spend(actual)
        const woken = waiting
        waiting = []
        for (const wake of woken) wake()
      }
    },
    get spentTokens() {
      return spentTokens
    },
    get spentCost() {
      return spentCost
    },
  }
}
