import { join } from 'node:path'
import { Tokenizer as Library } from '@huggingface/tokenizers'
import { badTokenizer, type TokenizerFiles, type TokenizerJson } from './tokenizer-files.ts'
import type { Vocabulary } from './vocabulary.ts'

/** The library's tokenizer over a vocabulary in which no special token exists. */
export interface PlainTokenizer {
  /** Ids of plain text; never those of a special token (an `unk` of the model excepted). */
  encode(text: string): number[]
  /** Ids of plain text that follows a special token. */
  encodeContinuation(text: string): number[]
  /** The library's decoder chain over token texts that hold no special token. */
  decode(tokens: string[]): string
}

/**
 * Builds the tokenizer that reads contents. Special added tokens are left out, and where the model's
 * own vocabulary holds one of them, that entry and the merges that lead to it are left out too, so
 * that text which spells a token stays text. Added tokens that are not special work as ever.
 */
export function createPlainTokenizer(
  files: TokenizerFiles,
  vocabulary: Vocabulary,
): PlainTokenizer {
  const json = withoutSpecialTokens(files.tokenizer, vocabulary)
  const library = openLibrary(files, json)
  const later = startsOnce(json.pre_tokenizer) ? openLibrary(files, withoutStart(json)) : library
  const encodeBy = (one: Library) => (text: string) =>
    text === '' ? [] : one.encode(text, { add_special_tokens: false }).ids
  return {
    encode: encodeBy(library),
    encodeContinuation: encodeBy(later),
    decode: (tokens) => library.decoder?.decode_chain(tokens).join('') ?? tokens.join(' '),
  }
}

function openLibrary(files: TokenizerFiles, json: TokenizerJson): Library {
  try {
    return new Library(json, files.config)
  } catch (error) {
    const path = join(files.folder, 'tokenizer.json')
    throw badTokenizer(path, `this kind of tokenizer cannot be read: ${String(error)}`, error)
  }
}

/** Whether a space is put before the first word of a text only, as in Mistral's later files. */
function startsOnce(preTokenizer: unknown): preTokenizer is { prepend_scheme: 'first' } {
  const { type, prepend_scheme: scheme } = (preTokenizer ?? {}) as Record<string, unknown>
  return type === 'Metaspace' && scheme === 'first'
}

function withoutStart(json: TokenizerJson): TokenizerJson {
  return { ...json, pre_tokenizer: { ...(json.pre_tokenizer as object), prepend_scheme: 'never' } }
}

function withoutSpecialTokens(json: TokenizerJson, vocabulary: Vocabulary): TokenizerJson {
  const special = new Set(
    vocabulary.added.filter((entry) => entry.special).map((entry) => entry.content),
  )
  const { vocab, merges } = json.model
  const isHidden = (token: string) => special.has(token) && token !== json.model.unk_token
  const isKeptMerge = (merge: string | [string, string]) =>
    !isHidden(typeof merge === 'string' ? merge.replace(' ', '') : merge.join(''))
  return {
    ...json,
    post_processor: null,
    added_tokens: json.added_tokens.filter((entry) => !special.has(entry.content)),
    model: {
      ...json.model,
      vocab: Object.fromEntries(Object.entries(vocab).filter(([token]) => !isHidden(token))),
      merges: merges.filter(isKeptMerge),
    },
  }
}
