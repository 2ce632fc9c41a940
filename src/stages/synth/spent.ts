/** Calls and tokens of one instruction or of many. */
export interface Spent {
  readonly calls: number
  readonly inputTokens: number
  readonly outputTokens: number
}

export const nothingSpent: Spent = { calls: 0, inputTokens: 0, outputTokens: 0 }

export function addSpent(one: Spent, other: Spent): Spent {
  return combine(one, other, (a, b) => a + b)
}

/** What is left of `all` without `part`, at least nothing. */
export function restOf(all: Spent, part: Spent): Spent {
  return combine(all, part, (a, b) => Math.max(0, a - b))
}

function combine(one: Spent, other: Spent, join: (a: number, b: number) => number): Spent {
  return {
    calls: join(one.calls, other.calls),
    inputTokens: join(one.inputTokens, other.inputTokens),
    outputTokens: join(one.outputTokens, other.outputTokens),
  }
}
