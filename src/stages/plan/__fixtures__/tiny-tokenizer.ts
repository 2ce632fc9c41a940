import { createHash } from 'node:crypto'
import { type DialogSegment, type SpecialToken, specialTokens } from '../../../data/dialog/index.ts'
import type { PlanTokenizer } from '../create-plan.ts'

/** One id a character: code point plus 10; 0 is BOS, 1 EOS, 2 to 8 the seven tokens. */
export function createTinyTokenizer({ bos = true } = {}): PlanTokenizer {
  const ids = specialTokens.map((token, index) => [token, index + 2])
  const specialIds = Object.fromEntries(ids) as Record<SpecialToken, number>
  return {
    size: 2 ** 16,
    bosId: bos ? 0 : undefined,
    eosId: 1,
    specialIds,
    addedTokens: [],
    hash: createHash('sha256').update(`tiny ${bos}`).digest('hex'),
    encodeSegments: (segments: readonly DialogSegment[]) =>
      segments.flatMap((part) =>
        'special' in part
          ? [specialIds[part.special]]
          : Array.from(part.text, (character) => 10 + character.codePointAt(0)!),
      ),
  }
}
