/** How a call ended, as far as the number of calls in flight is concerned. */
export type CallEnd = 'ok' | 'overload' | 'other'

/** Lets as many calls run at once as the server bears. */
export interface CallLimiter {
  /** Waits for a place. */
  acquire(): Promise<void>
  release(end: CallEnd): void
  /** No call begins before this time (`Date.now()`), when the server as a whole asks for a pause. */
  pauseUntil(time: number): void
  readonly limit: number
  readonly active: number
}

/** Calls whose ends are remembered; single faults among them change nothing. */
const windowLength = 40

/** Share of overloaded calls in the window from which fewer are tried. */
const overloadShare = 0.1

/**
 * Additive increase, multiplicative decrease (Chiu and Jain 1989) between 1 and `most`: when more
 * than a tenth of the last 40 calls were overloaded, three quarters of the places remain; after as
 * many good calls as there are places, one is added. A few stray faults are not a sign of overload.
 */
export function createCallLimiter(most: number): CallLimiter {
  let limit = most
  let active = 0
  let goodInARow = 0
  let pausedUntil = 0
  let sleeping = false
  let recent: boolean[] = []
  const waiting: (() => void)[] = []

  const admit = () => {
    const pause = pausedUntil - Date.now()
    if (pause > 0) {
      if (sleeping) return
      sleeping = true
      setTimeout(() => {
        sleeping = false
        admit()
      }, pause)
      return
    }
    while (active < limit && waiting.length > 0) {
      active += 1
      waiting.shift()?.()
    }
  }
  const adapt = (end: CallEnd) => {
    if (end === 'other') return
    recent = [...recent.slice(1 - windowLength), end === 'overload']
    goodInARow = end === 'ok' ? goodInARow + 1 : 0
    const overloads = recent.filter(Boolean).length
    if (end === 'overload' && overloads > windowLength * overloadShare) {
      limit = Math.max(1, Math.floor(limit * 0.75))
      recent = []
    } else if (goodInARow >= limit && limit < most) {
      limit += 1
      goodInARow = 0
    }
  }
  return {
    acquire: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
        admit()
      }),
    release(end) {
      active -= 1
      adapt(end)
      admit()
    },
    pauseUntil(time) {
      pausedUntil = Math.max(pausedUntil, time)
    },
    get limit() {
      return limit
    },
    get active() {
      return active
    },
  }
}
