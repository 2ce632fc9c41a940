import { createHash } from 'node:crypto'
import type { DialogSegment, SpecialToken } from '../../data/dialog/index.ts'
import { isGgufPath } from '../weights/index.ts'
import { readGgufTokenizer } from './gguf-tokenizer.ts'
import { createIdDecoder } from './id-decoder.ts'
import { createPlainTokenizer } from './plain-tokenizer.ts'
import { readTokenizerFiles, type TokenizerFiles } from './tokenizer-files.ts'
import { createVocabulary, type Vocabulary } from './vocabulary.ts'
import { writeTokenizerFiles } from './write-tokenizer.ts'

/** Text to ids and back for a model that has, or will have, the seven tokens of a dialog. */
export interface Tokenizer {
  /** Highest id + 1, added tokens included. */
  readonly size: number
  /** `undefined` for a tokenizer without one, such as Qwen's. */
  readonly bosId: number | undefined
  readonly eosId: number
  readonly specialIds: Readonly<Record<SpecialToken, number>>
  /**
   * Those of the seven that the folder lacked, in order, with the ids that their text had before;
   * the new ids begin at the folder's highest id + 1.
   */
  readonly addedTokens: readonly { token: SpecialToken; id: number; sourceIds: number[] }[]
  /**
   * Ids of plain text. Text that spells a special token, of the seven or of the base tokenizer,
   * stays text. Lone surrogates become U+FFFD.
   */
  encodeText(text: string): number[]
  /** The same for text that follows a special token, where a tokenizer may leave out a first space. */
  encodeContinuation(text: string): number[]
  /** Each text on its own, each special segment as its id; no BOS, no EOS. */
  encodeSegments(segments: readonly DialogSegment[]): number[]
  /** Text of ids, special tokens as they are spelled; bytes that are no UTF-8 become U+FFFD. */
  decode(ids: readonly number[]): string
  /** Like `decode`, with the seven tokens told apart from text; other special tokens are text. */
  decodeSegments(ids: readonly number[]): DialogSegment[]
  /** One token for people to read; throws when the vocabulary has no such id. */
  tokenText(id: number): string
  /** Writes the tokenizer's files, the seven tokens included, as transformers reads them. */
  writeTo(folder: string): Promise<void>
  /** SHA-256 over all that decides ids; equal before and after `writeTo`. */
  readonly hash: string
}

/**
 * Loads the tokenizer of a Hugging Face model folder (tokenizer.json, byte-pair encoding) or of a
 * GGUF file and adds to it what it lacks of the seven tokens.
 *
 * @throws `RC_NO_TOKENIZER` without tokenizer.json, `RC_BAD_TOKENIZER` when the files do not fit,
 * `RC_BAD_GGUF` for what a GGUF file lacks.
 */
export async function loadTokenizer(model: string): Promise<Tokenizer> {
  const isGguf = await isGgufPath(model)
  const files = await (isGguf ? readGgufTokenizer(model) : readTokenizerFiles(model))
  const vocabulary = createVocabulary(files)
  const plain = createPlainTokenizer(files, vocabulary)
  const decoder = createIdDecoder(files.tokenizer, vocabulary, plain.decode)
  const { specialIds } = vocabulary
  return {
    size: [...vocabulary.tokens.keys()].reduce((highest, id) => Math.max(highest, id), -1) + 1,
    bosId: vocabulary.bosId,
    eosId: vocabulary.eosId,
    specialIds,
    addedTokens: vocabulary.newTokens.map(({ token, id }) => ({
      token,
      id,
      sourceIds: plain.encode(token),
    })),
    encodeText: plain.encode,
    encodeContinuation: plain.encodeContinuation,
    encodeSegments: (segments) =>
      segments.flatMap((part, index) => {
        if ('special' in part) return [specialIds[part.special]]
        return index === 0 ? plain.encode(part.text) : plain.encodeContinuation(part.text)
      }),
    ...decoder,
    writeTo: (target) => writeTokenizerFiles(files, vocabulary, target),
    hash: hashTokenizer(files, vocabulary),
  }
}

function hashTokenizer({ tokenizer }: TokenizerFiles, vocabulary: Vocabulary): string {
  const { vocab, merges, ...model } = tokenizer.model
  const pairs = merges.map((merge) => (typeof merge === 'string' ? merge.split(' ') : merge))
  const entries = Object.entries(vocab).sort((a, b) => a[1] - b[1])
  const added = vocabulary.added.map((entry) => [
    entry.id,
    entry.content,
    entry.special,
    entry.normalized,
    entry.lstrip,
    entry.rstrip,
    entry.single_word,
  ])
  const ends = [vocabulary.bosId ?? null, vocabulary.eosId]
  const steps = sortKeys([tokenizer.normalizer, tokenizer.pre_tokenizer, model])
  return createHash('sha256')
    .update(JSON.stringify([steps, entries, pairs, added, ends]))
    .digest('hex')
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, sortKeys(item)]))
}
