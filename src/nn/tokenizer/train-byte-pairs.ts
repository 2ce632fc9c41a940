import { byteAlphabet, toByteCharacters } from './byte-alphabet.ts'

/** The words of a text collection with their counts; texts may be added in any order. */
export interface WordCounts {
  add(text: string): void
  readonly counts: ReadonlyMap<string, number>
}

/** Counts the pieces that `splitPattern` cuts texts into; the pattern must match every character. */
export function createWordCounts(splitPattern: RegExp): WordCounts {
  const counts = new Map<string, number>()
  return {
    counts,
    add(text) {
      for (const word of text.match(splitPattern) ?? []) {
        counts.set(word, (counts.get(word) ?? 0) + 1)
      }
    },
  }
}

/** Vocabulary (256 bytes, then one token a merge) and merges, in byte-level characters. */
export interface BytePairs {
  tokens: string[]
  merges: [string, string][]
}

/**
 * Byte-pair encoding (Sennrich et al. 2016) over counted words: merges the most frequent pair of
 * neighbours until `vocabularySize` tokens are there or no pair occurs `minimumCount` times. Equal
 * counts are decided by the lower left id, then the lower right id.
 */
export function trainBytePairs(
  counts: ReadonlyMap<string, number>,
  options: { vocabularySize: number; minimumCount?: number },
): BytePairs {
  const { vocabularySize, minimumCount = 2 } = options
  const tokens = [...byteAlphabet].sort((a, b) => (a < b ? -1 : 1))
  const known = new Set(tokens)
  const merges: [string, string][] = []
  const table = createPairTable(spellWords(counts, tokens))
  while (tokens.length < vocabularySize) {
    const best = table.findBest()
    if (best === undefined || best.count < minimumCount) break
    const [left, right] = [tokens[best.left]!, tokens[best.right]!]
    const joined = left + right
    // The same string can arise from two pairs; a second token of it could never be told apart.
    const id = known.has(joined) ? tokens.indexOf(joined) : tokens.push(joined) - 1
    known.add(joined)
    merges.push([left, right])
    table.merge(best, id)
  }
  return { tokens, merges }
}

interface Word {
  ids: number[]
  count: number
}

interface Pair {
  left: number
  right: number
  count: number
  /** Words in which the pair occurs or once occurred. */
  words: Set<Word>
}

function spellWords(counts: ReadonlyMap<string, number>, tokens: string[]): Word[] {
  const ids = new Map(tokens.map((token, id) => [token, id]))
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([word, count]) => ({ ids: [...toByteCharacters(word)].map((c) => ids.get(c)!), count }))
}

function createPairTable(words: Word[]) {
  const pairs = new Map<number, Pair>()
  const change = (word: Word, amount: number) => {
    for (let at = 0; at + 1 < word.ids.length; at++) {
      const [left, right] = [word.ids[at]!, word.ids[at + 1]!]
      const key = left * maximumTokens + right
      let pair = pairs.get(key)
      if (pair === undefined) {
        pair = { left, right, count: 0, words: new Set() }
        pairs.set(key, pair)
      }
      pair.count += amount
      pair.words.add(word)
    }
  }
  for (const word of words) change(word, word.count)
  return {
    findBest(): Pair | undefined {
      let best: Pair | undefined
      for (const pair of pairs.values()) {
        if (best === undefined || isBetter(pair, best)) best = pair
      }
      return best
    },
    merge(pair: Pair, id: number): void {
      for (const word of pair.words) {
        const ids = joinPair(word.ids, pair, id)
        if (ids.length === word.ids.length) continue
        change(word, -word.count)
        word.ids = ids
        change(word, word.count)
      }
      pairs.delete(pair.left * maximumTokens + pair.right)
    },
  }
}

/** Keeps a pair's two ids in one exact number. */
const maximumTokens = 2 ** 24

function isBetter(a: Pair, b: Pair): boolean {
  if (a.count !== b.count) return a.count > b.count
  return a.left === b.left ? a.right < b.right : a.left < b.left
}

function joinPair(ids: number[], { left, right }: Pair, id: number): number[] {
  const joined: number[] = []
  for (let at = 0; at < ids.length; at++) {
    if (ids[at] === left && ids[at + 1] === right) {
      joined.push(id)
      at += 1
    } else {
      joined.push(ids[at]!)
    }
  }
  return joined
}
