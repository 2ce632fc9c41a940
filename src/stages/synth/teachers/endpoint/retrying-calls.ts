import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { createRandom, InterruptedError } from '../../../../core/index.ts'
import type { SynthOptions } from '../../options.ts'
import type { Reply } from '../reply.ts'
import { type CallLimiter, createCallLimiter } from './call-limiter.ts'
import type { EndpointClient } from './endpoint-client.ts'
import { explainFailure, StallError, unreachable } from './explain-failure.ts'
import { chooseWait } from './retry-after.ts'
import { createStallWatch, type StallWatch } from './stall-watch.ts'

/** What an attempt may use. */
export interface Attempt {
  readonly signal: AbortSignal
  /** To be called whenever something arrives. */
  heard(): void
}

/** Calls to one endpoint: bounded, watched, and made again after passing faults. */
export interface RetryingCalls {
  call(make: (attempt: Attempt) => Promise<Reply>): Promise<Reply>
  readonly limiter: CallLimiter
}

/** Attempts while nothing has ever come back: a wrong address shall not take minutes. */
const firstAttempts = 3

/** Empty replies are asked for again so often, then they count as the answer. */
const emptyAttempts = 2

/** Milliseconds between two looks at whether a call is silent for too long. */
const stallCheckMs = 100

/** Parameters of one call that a server may refuse one after the other. */
const adaptationLimit = 4

/**
 * A reply that is streamed may be silent for `stallTimeoutMs` at most; one that comes at once is
 * silent until it is whole, and only `timeoutMs` bounds it.
 *
 * @param adapt changes how requests are written after the server refused a parameter; false when
 * there is nothing to change
 */
export function createRetryingCalls(
  endpoint: EndpointClient,
  model: string,
  options: SynthOptions & { concurrency: number },
  adapt: (parameter: string) => boolean,
  stop: AbortSignal,
): RetryingCalls {
  // Each call in flight listens.
  setMaxListeners(0, stop)
  const limiter = createCallLimiter(options.concurrency)
  const stall: StallWatch = options.stream
    ? createStallWatch(options.stallTimeoutMs)
    : { patienceMs: Number.POSITIVE_INFINITY, learn: () => {} }
  let attempts = 0
  let everHeard = false
  let heardCount = 0
  const about = { model, baseUrl: endpoint.baseUrl, redact: endpoint.redact }

  const attemptOnce = async (make: (attempt: Attempt) => Promise<Reply>): Promise<Reply> => {
    const controller = new AbortController()
    let silence: number | undefined
    let longest = 0
    const started = performance.now()
    let last = started
    // Patience may shrink while a call waits, when others show how quick the server is.
    let tick = performance.now()
    const timer = setInterval(() => {
      const now = performance.now()
      // Time in which this process did not run (a busy machine, a laptop asleep) is no silence.
      if (now - tick > 5 * stallCheckMs) last += now - tick
      tick = now
      if (now - last < stall.patienceMs && now - started < options.timeoutMs) return
      silence = now - last
      controller.abort()
    }, stallCheckMs)
    const heard = () => {
      const now = performance.now()
      longest = Math.max(longest, now - last)
      last = now
    }
    const onStop = () => controller.abort()
    stop.addEventListener('abort', onStop)
    try {
      const reply = await make({ signal: controller.signal, heard })
      heard()
      stall.learn(longest)
      return reply
    } catch (error) {
      if (stop.aborted) throw new InterruptedError()
      if (silence === undefined) throw error
      const what =
        silence < stall.patienceMs
          ? `no whole reply in ${options.timeoutMs} ms (timeoutMs)`
          : 'silent for too long'
      throw new StallError(what, { cause: error })
    } finally {
      clearInterval(timer)
      stop.removeEventListener('abort', onStop)
    }
  }

  return {
    limiter,
    async call(make) {
      const random = createRandom(options.seed, 'jitter', attempts)
      const heardBefore = heardCount
      let empty = 0
      let adaptations = 0
      for (let attempt = 0; ; ) {
        await limiter.acquire()
        attempts += 1
        if (stop.aborted) {
          limiter.release('other')
          throw new InterruptedError()
        }
        try {
          const reply = await attemptOnce(make)
          limiter.release('ok')
          everHeard = true
          heardCount += 1
          const isEmpty = reply.finish === 'stop' && reply.text.trim() === '' && !reply.toolCall
          if (!isEmpty || empty === emptyAttempts) return reply
          empty += 1
        } catch (error) {
          if (error instanceof InterruptedError) {
            limiter.release('other')
            throw error
          }
          const failure = explainFailure(error, { ...about, everHeard })
          limiter.release(failure.kind === 'again' ? failure.end : 'other')
          if (failure.kind === 'fatal') throw failure.error
          if (failure.kind === 'reply') return failure.reply
          if (failure.kind === 'adapt') {
            adaptations += 1
            if (adaptations <= adaptationLimit && adapt(failure.parameter)) continue
            throw unreachable(endpoint.baseUrl, `it refuses ${failure.parameter}`, attempt + 1)
          }
          attempt += 1
          const most = everHeard ? options.maxRetries : Math.min(firstAttempts, options.maxRetries)
          if (attempt > most) {
            // Where other calls succeed all the while, it is this one that the server cannot bear.
            if (heardCount > heardBefore) return failedReply(failure.what)
            throw unreachable(endpoint.baseUrl, failure.what, attempt)
          }
          const waitMs = chooseWait(attempt - 1, failure.waitMs, random.float())
          if (
            failure.waitMs !== undefined &&
            failure.end === 'overload' &&
            limiter.limit < options.concurrency
          ) {
            limiter.pauseUntil(Date.now() + failure.waitMs)
          }
          await delay(waitMs, undefined, { signal: stop }).catch(() => {
            throw new InterruptedError()
          })
        }
      }
    },
  }
}

const failedReply = (what: string): Reply => ({
  text: what,
  finish: 'failed',
  usage: { inputTokens: 0, outputTokens: 0 },
})
