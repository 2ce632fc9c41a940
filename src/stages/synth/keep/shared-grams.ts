/** Runs of words that stand in texts which must not be trained on. */
export interface GramIndex {
  add(name: string, text: string, length: number): void
  /** Name of a text that shares a run of words. */
  find(text: string): string | undefined
}

/**
 * Words are runs of letters, digits and underscores in lower case; a text that is shorter than a run
 * counts as one when it has at least half its length.
 */
export function createGramIndex(): GramIndex {
  const names = new Map<string, string>()
  const lengths = new Set<number>()
  return {
    add(name, text, length) {
      const words = wordsOf(text)
      const actual = Math.min(length, words.length)
      if (actual < length / 2) return
      lengths.add(actual)
      for (const gram of gramsOf(words, actual)) if (!names.has(gram)) names.set(gram, name)
    },
    find(text) {
      const words = wordsOf(text)
      for (const length of lengths) {
        for (const gram of gramsOf(words, length)) {
          const name = names.get(gram)
          if (name !== undefined) return name
        }
      }
      return undefined
    },
  }
}

const wordsOf = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []

function* gramsOf(words: readonly string[], length: number): Generator<string> {
  for (let start = 0; start + length <= words.length; start++) {
    yield words.slice(start, start + length).join(' ')
  }
}
