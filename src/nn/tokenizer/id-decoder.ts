import type { DialogSegment, SpecialToken } from '../../data/dialog/index.ts'
import { fromByteCharacters } from './byte-alphabet.ts'
import type { TokenizerJson } from './tokenizer-files.ts'
import type { Vocabulary } from './vocabulary.ts'

export interface IdDecoder {
  decode(ids: readonly number[]): string
  decodeSegments(ids: readonly number[]): DialogSegment[]
  tokenText(id: number): string
}

/**
 * Decodes ids. Runs between added tokens are decoded one by one, as they were encoded: byte-level
 * vocabularies byte by byte, others by `decodeRun`, the decoder chain of tokenizer.json.
 */
export function createIdDecoder(
  tokenizer: TokenizerJson,
  vocabulary: Vocabulary,
  decodeRun: (tokens: string[]) => string,
): IdDecoder {
  const literal = new Map(vocabulary.added.map((entry) => [entry.id, entry.content]))
  const special = new Map(
    Object.entries(vocabulary.specialIds).map(([token, id]) => [id, token as SpecialToken]),
  )
  const toText = isByteLevel(tokenizer.decoder) ? decodeBytes : decodeRun

  const tokenOf = (id: number): string => {
    const token = vocabulary.tokens.get(id)
    if (token === undefined) throw new RangeError(`the tokenizer has no token with the id ${id}`)
    return token
  }
  const decodeSegments = (ids: readonly number[]): DialogSegment[] => {
    const segments: DialogSegment[] = []
    let run: string[] = []
    const addText = (text: string) => {
      const last = segments.at(-1)
      if (last !== undefined && 'text' in last) last.text += text
      else if (text !== '') segments.push({ text })
    }
    const endRun = () => {
      if (run.length > 0) addText(toText(run))
      run = []
    }
    for (const id of ids) {
      const content = literal.get(id)
      if (content === undefined) {
        run.push(tokenOf(id))
        continue
      }
      endRun()
      const token = special.get(id)
      if (token === undefined) addText(content)
      else segments.push({ special: token })
    }
    endRun()
    return segments
  }
  return {
    decodeSegments,
    decode: (ids) =>
      decodeSegments(ids)
        .map((part) => ('special' in part ? part.special : part.text))
        .join(''),
    tokenText: (id) => literal.get(id) ?? toText([tokenOf(id)]),
  }
}

function decodeBytes(tokens: string[]): string {
  const parts = tokens.map((token) => fromByteCharacters(token) ?? new TextEncoder().encode(token))
  return Buffer.concat(parts).toString('utf8')
}

function isByteLevel(decoder: unknown): boolean {
  const { type, decoders } = (decoder ?? {}) as { type?: string; decoders?: unknown[] }
  if (type === 'Sequence') return decoders?.length === 1 && isByteLevel(decoders[0])
  return type === 'ByteLevel'
}
