/** Learns how long a server is silent while all is well, and says when it is silent for too long. */
export interface StallWatch {
  /** Silence after which a call counts as stalled, ms. */
  readonly patienceMs: number
  /** Notes the longest silence of a call that ended well. */
  learn(longestSilenceMs: number): void
}

const remembered = 200
const enough = 20
const leastPatienceMs = 1000
const factor = 5

/** Five times the 99th percentile of what was seen, at least a second, at most `mostMs`. */
export function createStallWatch(mostMs: number): StallWatch {
  const seen: number[] = []
  let patienceMs = mostMs
  return {
    get patienceMs() {
      return patienceMs
    },
    learn(longestSilenceMs) {
      seen.push(longestSilenceMs)
      if (seen.length > remembered) seen.shift()
      if (seen.length < enough) return
      const high = seen.toSorted((a, b) => a - b)[Math.ceil(seen.length * 0.99) - 1] as number
      patienceMs = Math.min(mostMs, Math.max(leastPatienceMs, factor * high))
    },
  }
}
