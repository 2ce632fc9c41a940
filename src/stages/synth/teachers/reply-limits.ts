/** Characters a token has at most, by which an endless reply is told from a long one. */
const charactersPerToken = 16

/** Whether a reply goes on though it was to have `maxTokens` tokens at most. */
export function isEndless(writtenCharacters: number, maxTokens: number): boolean {
  return writtenCharacters > maxTokens * charactersPerToken
}

/** Tokens of a text where a server does not count: four characters are taken for one. */
export function guessTokens(characters: number): number {
  return Math.ceil(characters / 4)
}
