import { describe, expect, it } from 'vitest'
import { createCallLimiter } from './call-limiter.ts'
import { chooseWait, readRetryAfter } from './retry-after.ts'
import { createStallWatch } from './stall-watch.ts'

describe('createCallLimiter', () => {
  const finish = async (limiter: ReturnType<typeof createCallLimiter>, ends: string) => {
    for (const end of ends) {
      await limiter.acquire()
      limiter.release(end === 'o' ? 'overload' : 'ok')
    }
  }

  it('keeps its places when one call in a hundred is overloaded', async () => {
    const limiter = createCallLimiter(16)
    await finish(limiter, `${'.'.repeat(99)}o`.repeat(5))
    expect(limiter.limit).toBe(16)
  })

  it('gives way to overload and comes back', async () => {
    const limiter = createCallLimiter(16)
    await finish(limiter, 'o'.repeat(12))
    expect(limiter.limit).toBeLessThan(10)
    await finish(limiter, 'o'.repeat(200))
    expect(limiter.limit).toBe(1)
    await finish(limiter, '.'.repeat(200))
    expect(limiter.limit).toBe(16)
  })

  it('lets no more in than it has places', async () => {
    const limiter = createCallLimiter(2)
    let admitted = 0
    for (let call = 0; call < 5; call++) void limiter.acquire().then(() => admitted++)
    await Promise.resolve()
    expect(admitted).toBe(2)
    limiter.release('ok')
    await Promise.resolve()
    expect(admitted).toBe(3)
    expect(limiter.active).toBe(2)
  })
})

describe('waiting', () => {
  it('reads Retry-After as seconds, as a date and in milliseconds', () => {
    const read = (entries: Record<string, string>) =>
      readRetryAfter(new Headers(entries), Date.parse('2026-01-01T00:00:00Z'))
    expect(read({ 'retry-after': '3' })).toBe(3000)
    expect(read({ 'retry-after': 'Thu, 01 Jan 2026 00:00:07 GMT' })).toBe(7000)
    expect(read({ 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' })).toBe(0)
    expect(read({ 'retry-after': '3', 'retry-after-ms': '250' })).toBe(250)
    expect(read({ 'retry-after': 'soon' })).toBeUndefined()
    expect(read({})).toBeUndefined()
  })

  it('waits as long as it is asked to, or a random time that grows', () => {
    expect(chooseWait(5, 1000, 0.5)).toBe(1050)
    expect(chooseWait(0, undefined, 0)).toBe(250)
    expect(chooseWait(3, undefined, 1)).toBe(4000)
    expect(chooseWait(20, undefined, 1)).toBe(30_000)
  })

  it('learns how long a server is silent', () => {
    const watch = createStallWatch(60_000)
    expect(watch.patienceMs).toBe(60_000)
    for (let call = 0; call < 30; call++) watch.learn(200)
    expect(watch.patienceMs).toBe(1000)
    for (let call = 0; call < 200; call++) watch.learn(5000)
    expect(watch.patienceMs).toBe(25_000)
    expect(createStallWatch(100).patienceMs).toBe(100)
  })
})
