import type { Budget } from '../budget.ts'
import type { CallPlace, Reply, Transport } from './reply.ts'
import { type Cache, cacheKey } from './response-cache.ts'

/** What was asked and what it took, for the live line. */
export interface CallMeter {
  /** Tokens of what was asked for now. */
  asked(usage: Reply['usage']): void
}

/** Replies that came before are not asked for again; each new one is kept before it is used. */
export function cachedTransport<Request>(
  transport: Transport<Request>,
  cache: Cache | undefined,
  budget: Budget,
  estimate: (request: Request) => { inputTokens: number; outputTokens: number },
  meter: CallMeter,
): Transport<Request> {
  return {
    identity: transport.identity,
    async send(request: Request, place: CallPlace) {
      const key = cacheKey('reply', transport.identity, request)
      const known = (await cache?.get(key)) as Reply | undefined
      if (known !== undefined) {
        await budget.spend(known.usage, key)
        return known
      }
      const settle = await budget.reserve(estimate(request), key)
      try {
        const reply = await transport.send(request, place)
        // A call that failed may succeed another time.
        if (reply.finish !== 'failed') await cache?.put(key, reply)
        await settle(reply.usage)
        meter.asked(reply.usage)
        return reply
      } catch (error) {
        await settle()
        throw error
      }
    },
    ...(transport.dispose ? { dispose: transport.dispose } : {}),
  }
}
