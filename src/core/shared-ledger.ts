import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'

/** Amounts, such as tokens and money; all entries of a ledger have the same number of them. */
export type Amounts = readonly number[]

/**
 * Entries in Redis that many processes write, and limits that their sums keep to. An entry that is
 * written again takes the place of what it was, so that work done again is not counted twice.
 */
export interface SharedLedger {
  /**
   * Sets the limits, and what was spent outside of the ledger when `spent` is more than it knows.
   *
   * @param anew forgets all entries
   */
  open(limits: Amounts, spent: Amounts, anew: boolean): Promise<void>
  /** Holds the most that an entry may come to, if that fits. */
  claim(entry: string, worst: Amounts): Promise<Claimed>
  /** Says what an entry came to, and lets it go when it was `claimed` here. */
  settle(entry: string, actual: Amounts, claimed: boolean): Promise<void>
  /** Sums of all entries and of what was spent outside; what is held counts as the most it may be. */
  total(amounts: number): Promise<Amounts>
}

export type Claimed =
  | { readonly fits: true }
  /**
   * `exceeded` is the place of the first amount that is too much, `held` the number of entries that
   * living processes hold: they may come to less.
   */
  | { readonly fits: false; readonly exceeded: number; readonly held: number }

/** Seconds after its last use that a ledger is forgotten. */
const keptSeconds = 7 * 24 * 3600

/** Opens the ledger of a name; `connection` stays the caller's. */
export function openLedger(
  connection: Redis,
  name: string,
  { leaseMs = 15_000 }: { leaseMs?: number } = {},
): SharedLedger {
  const heart = openHeart(connection, `${name}:alive:`, leaseMs)
  const run = (command: string, amounts: Amounts, ...values: string[]) =>
    connection.eval(
      script,
      2,
      name,
      `${name}:held`,
      keptSeconds,
      command,
      amounts.length,
      ...amounts.map(render),
      ...values,
    )
  return {
    async open(limits, spent, anew) {
      if (anew) await connection.del(name, `${name}:held`)
      await run('open', limits, ...spent.map(render))
    },
    async claim(entry, worst) {
      await heart.begin()
      const [exceeded, held] = (await run('claim', worst, entry, heart.key)) as [number, number]
      if (exceeded === 0) return { fits: true }
      heart.end()
      return { fits: false, exceeded: exceeded - 1, held }
    },
    async settle(entry, actual, claimed) {
      await run('settle', actual, entry)
      if (claimed) heart.end()
    },
    async total(amounts) {
      const places = Array.from({ length: amounts }, (_, index) => index + 1)
      const fields = places.flatMap((place) => [`outside:${place}`, `total:${place}`])
      const found = (await connection.hmget(name, ...fields)).map(Number)
      return places.map((_, index) => (found[2 * index] ?? 0) + (found[2 * index + 1] ?? 0))
    },
  }
}

/** A key that lives as long as this process does while it holds claims. */
function openHeart(connection: Redis, prefix: string, leaseMs: number) {
  const key = prefix + randomUUID()
  const beat = () => connection.set(key, '1', 'PX', leaseMs)
  let claims = 0
  let timer: NodeJS.Timeout | undefined
  return {
    key,
    async begin(): Promise<void> {
      claims += 1
      if (timer) return
      timer = setInterval(() => void beat().catch(() => {}), leaseMs / 3)
      timer.unref()
      await beat()
    },
    end(): void {
      claims -= 1
      if (claims > 0) return
      clearInterval(timer)
      timer = undefined
    },
  }
}

/** Lua knows infinity as a power that is too large. */
const render = (amount: number) => (Number.isFinite(amount) ? String(amount) : '1e999')

/**
 * One step for all who look. A hash with `limit:N`, `outside:N`, `total:N` and `entry:NAME` (its
 * amounts), and one of the entries that are held with the key of who holds them. What the dead held
 * stays counted as it was, but nobody waits for it.
 */
const script = `
local key, heldKey = KEYS[1], KEYS[2]
local seconds, command, count = ARGV[1], ARGV[2], tonumber(ARGV[3])
local function amount(n) return tonumber(ARGV[3 + n]) end
local function text(value) return string.format('%.17g', value) end
local function number(field) return tonumber(redis.call('HGET', key, field) or '0') end
local function keep()
  redis.call('EXPIRE', key, seconds)
  redis.call('EXPIRE', heldKey, seconds)
end
if command == 'open' then
  for n = 1, count do
    local outside = tonumber(ARGV[3 + count + n]) - number('total:' .. n)
    redis.call('HSET', key, 'limit:' .. n, ARGV[3 + n], 'outside:' .. n, text(math.max(0, outside)))
  end
  keep()
  return {0, 0}
end
local entry = ARGV[4 + count]
local before = {}
for found in string.gmatch(redis.call('HGET', key, 'entry:' .. entry) or '', '[^ ]+') do
  table.insert(before, tonumber(found))
end
if command == 'claim' then
  for n = 1, count do
    local others = number('outside:' .. n) + number('total:' .. n) - (before[n] or 0)
    local limit = tonumber(redis.call('HGET', key, 'limit:' .. n) or '1e999')
    if others + amount(n) > limit then
      local alive = 0
      local held = redis.call('HGETALL', heldKey)
      for at = 1, #held, 2 do
        if redis.call('EXISTS', held[at + 1]) == 0 then redis.call('HDEL', heldKey, held[at])
        elseif held[at] ~= entry then alive = alive + 1 end
      end
      return {n, alive}
    end
  end
  redis.call('HSET', heldKey, entry, ARGV[5 + count])
else
  redis.call('HDEL', heldKey, entry)
end
local now = {}
for n = 1, count do
  redis.call('HSET', key, 'total:' .. n, text(number('total:' .. n) - (before[n] or 0) + amount(n)))
  table.insert(now, text(amount(n)))
end
redis.call('HSET', key, 'entry:' .. entry, table.concat(now, ' '))
keep()
return {0, 0}
`
