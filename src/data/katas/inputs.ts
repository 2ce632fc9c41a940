import type { Random } from '../../core/index.ts'

/** Integer from `low` to `high`, both included. */
export function between(random: Random, low: number, high: number): number {
  return low + random.integer(high - low + 1)
}

/** List of `low` to `high` items. */
export function several<T>(random: Random, low: number, high: number, item: () => T): T[] {
  return Array.from({ length: between(random, low, high) }, item)
}

/** Short list of small integers, some negative, some repeated. */
export function someNumbers(random: Random, low = 2, high = 6): number[] {
  const list = several(random, low, high, () => between(random, -9, 20))
  if (list.length > 2 && random.integer(3) === 0) list.push(list[0] as number)
  return list
}

/** Short list of integers from 0 to 30. */
export function someNaturals(random: Random, low = 2, high = 5): number[] {
  return several(random, low, high, () => between(random, 0, 30))
}

export function someWord(random: Random): string {
  return random.pick(vocabulary)
}

export function someWords(random: Random, low = 2, high = 5): string[] {
  const list = several(random, low, high, () => someWord(random))
  if (list.length > 2 && random.integer(4) === 0) list.push(list[0] as string)
  return list
}

/** One to three words with capitals, digits and single spaces. */
export function someText(random: Random): string {
  const parts = several(random, 1, 3, () => {
    const word = someWord(random)
    const style = random.integer(6)
    if (style === 0) return word.toUpperCase()
    if (style < 3) return word.slice(0, 1).toUpperCase() + word.slice(1)
    if (style === 3) return word + between(random, 1, 99)
    return word
  })
  return parts.join(' ')
}

/** Dictionary from words to small numbers. */
export function someTable(random: Random, low = 2, high = 4): Record<string, number> {
  const entries = several(random, low, high, () => [someWord(random), between(random, -4, 15)])
  return Object.fromEntries(entries)
}

/** Date such as `2024-02-29`, from 2000 to 2029. */
export function someDate(random: Random): string {
  const day = new Date(Date.UTC(2000, 0, 1 + random.integer(10957)))
  return day.toISOString().slice(0, 10)
}

/** Time of day such as `09:45`. */
export function someTime(random: Random): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(random.integer(24))}:${two(random.integer(60))}`
}

const vocabulary = [
  ...['apple', 'sun', 'tree', 'level', 'bird', 'stone', 'rain', 'noon', 'lamp', 'table'],
  ...['cat', 'river', 'sea', 'book', 'letter', 'radar', 'moon', 'onion', 'bread', 'east'],
  ...['salt', 'arrow', 'star', 'nest', 'lion', 'tea', 'oil', 'blue', 'eve', 'ball'],
  ...['road', 'ant', 'ice', 'banana', 'test', 'row', 'seed', 'leaf', 'ring', 'otter'],
]
