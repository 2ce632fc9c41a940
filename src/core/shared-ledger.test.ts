import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRedis } from '../../test/redis-server.fixture.ts'
import { openLedger } from './shared-ledger.ts'

let server: Awaited<ReturnType<typeof startRedis>>
let redis: Redis
beforeAll(async () => {
  server = await startRedis()
  redis = new Redis(server.address)
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

const unbounded = Number.POSITIVE_INFINITY

describe('a ledger of many processes', () => {
  it('lets claims through while their sum fits', async () => {
    const [one, other] = [openLedger(redis, 'a'), openLedger(redis, 'a')]
    await one.open([100, 1], [0, 0], false)
    expect(await one.claim('x', [60, 0.25])).toEqual({ fits: true })
    expect(await other.claim('y', [50, 0.25])).toEqual({ fits: false, exceeded: 0, held: 1 })
    expect(await other.claim('y', [40, 0.8])).toEqual({ fits: false, exceeded: 1, held: 1 })
    expect(await other.total(2)).toEqual([60, 0.25])
    await one.settle('x', [10, 0.1], true)
    expect(await other.total(2)).toEqual([10, 0.1])
    expect(await other.claim('y', [90, 0.9])).toEqual({ fits: true })
    await other.settle('y', [90, 0.9], true)
    expect(await one.claim('z', [1, 0])).toEqual({ fits: false, exceeded: 0, held: 0 })
  })

  it('counts an entry once, however often it is written', async () => {
    const ledger = openLedger(redis, 'b')
    await ledger.open([100, unbounded], [0, 0], false)
    for (let time = 0; time < 5; time++) {
      expect(await ledger.claim('x', [70, 1e-7])).toEqual({ fits: true })
    }
    await ledger.settle('x', [30, 1e-7], true)
    await ledger.settle('x', [30, 1e-7], false)
    expect(await ledger.claim('y', [71, 0])).toMatchObject({ fits: false })
    expect(await ledger.claim('y', [70, 0])).toEqual({ fits: true })
  })

  it('counts what was spent elsewhere, and forgets on request', async () => {
    const ledger = openLedger(redis, 'c')
    await ledger.open([100, unbounded], [40, 0], false)
    await ledger.settle('x', [30, 0], false)
    // The ledger knows 30 of these 50 itself.
    await ledger.open([100, unbounded], [50, 0], false)
    expect(await ledger.total(2)).toEqual([50, 0])
    expect(await ledger.claim('y', [51, 0])).toMatchObject({ fits: false })
    expect(await ledger.claim('y', [50, 0])).toEqual({ fits: true })
    await ledger.open([100, unbounded], [0, 0], true)
    expect(await ledger.claim('z', [100, 0])).toEqual({ fits: true })
  })

  it('waits for nobody who has died, and keeps counting what he held', async () => {
    const ledger = openLedger(redis, 'd', { leaseMs: 100 })
    await ledger.open([100, unbounded], [0, 0], false)
    const dead = new Redis(server.address)
    expect(await openLedger(dead, 'd', { leaseMs: 100 }).claim('x', [60, 0])).toEqual({
      fits: true,
    })
    expect(await ledger.claim('y', [50, 0])).toEqual({ fits: false, exceeded: 0, held: 1 })
    dead.disconnect()
    const answers: unknown[] = []
    while (!answers.some((answer) => (answer as { held?: number }).held === 0)) {
      answers.push(await ledger.claim('y', [50, 0]))
    }
    expect(answers.at(-1)).toEqual({ fits: false, exceeded: 0, held: 0 })
    expect(await ledger.claim('x', [60, 0])).toEqual({ fits: true })
  })
})
