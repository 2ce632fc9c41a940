/** A piece of a SentencePiece vocabulary. */
export interface ScoredPiece {
  readonly token: string
  readonly id: number
  readonly score: number
}

/**
 * Merges that make byte-pair encoding do what SentencePiece does with scores: every way to put a
 * piece together from two others, best score first. Ties and the order of the ways of one piece
 * are those of transformers' converter: longer parts first, then the lower id.
 */
export function mergesFromScores(pieces: readonly ScoredPiece[]): [string, string][] {
  const ids = new Map(pieces.map(({ token, id }) => [token, id]))
  const ways = pieces.flatMap(({ token, score }) => {
    const characters = [...token]
    const found: { left: string; right: string; score: number }[] = []
    let left = ''
    for (const character of characters.slice(0, -1)) {
      left += character
      const right = token.slice(left.length)
      if (ids.has(left) && ids.has(right)) found.push({ left, right, score })
    }
    return found.sort(
      (a, b) =>
        (ids.get(a.left) as number) - (ids.get(b.left) as number) ||
        (ids.get(a.right) as number) - (ids.get(b.right) as number),
    )
  })
  const length = (text: string) => [...text].length
  return ways
    .map((way) => ({ ...way, leftLength: length(way.left), rightLength: length(way.right) }))
    .sort(
      (a, b) => b.score - a.score || b.leftLength - a.leftLength || b.rightLength - a.rightLength,
    )
    .map(({ left, right }) => [left, right])
}
