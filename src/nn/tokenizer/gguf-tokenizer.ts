import { badGguf, readGgufMetadata } from '../weights/index.ts'
import { findPreTokenizer, knownPreTokenizers } from './gguf-pre-tokenizers.ts'
import { type GgufVocabulary, readGgufVocabulary, tokenKinds } from './gguf-vocabulary.ts'
import { mergesFromScores } from './merges-from-scores.ts'
import type { AddedTokenEntry, TokenizerFiles, TokenizerJson } from './tokenizer-files.ts'

/**
 * Reads the tokenizer in a GGUF file's metadata as the files that a Hugging Face folder would have.
 *
 * @throws `RC_BAD_GGUF` for a kind of tokenizer that is not read, and for lists that do not fit
 */
export async function readGgufTokenizer(path: string): Promise<TokenizerFiles> {
  const vocabulary = readGgufVocabulary(path, await readGgufMetadata(path))
  const tokenizer =
    vocabulary.model === 'llama'
      ? renderSentencePieces(path, vocabulary)
      : renderBytePairs(path, vocabulary)
  const { bos, eos } = vocabulary
  return {
    folder: path,
    tokenizer: { ...tokenizer, post_processor: bos ? startWith(bos, vocabulary) : null },
    config: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      add_bos_token: bos !== undefined,
      bos_token: bos ?? null,
      eos_token: eos,
      unk_token: tokenizer.model.unk_token ?? null,
      clean_up_tokenization_spaces: false,
      ...vocabulary.chatTemplate,
    },
    specialTokensMap: undefined,
    modelConfig: undefined,
  }
}

/** Byte-level byte-pair encoding, as GPT-2, Llama 3, Qwen and DeepSeek have it. */
function renderBytePairs(path: string, vocabulary: GgufVocabulary): TokenizerJson {
  const { merges, pre } = vocabulary
  const way = findPreTokenizer(pre)
  if (way === undefined) {
    const found = pre === undefined ? 'nothing' : JSON.stringify(pre)
    throw badGguf(
      path,
      `tokenizer.ggml.pre: expected one of ${knownPreTokenizers.join(', ')}, got ${found}`,
      'Take the model as a Hugging Face folder, whose tokenizer.json says how text is cut.',
    )
  }
  if (merges === undefined) throw badGguf(path, 'its metadata lacks tokenizer.ggml.merges')
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true }
  return {
    ...emptyTokenizer,
    added_tokens: addedTokens(vocabulary),
    normalizer: way.normalizer,
    pre_tokenizer: way.preTokenizer,
    decoder: { ...byteLevel, use_regex: true },
    model: {
      ...emptyModel,
      ignore_merges: way.ignoresMerges,
      vocab: tokensOfKinds(vocabulary, [tokenKinds.normal]),
      merges: merges.map((merge): [string, string] => {
        // The first character may itself be a space in a vocabulary that is not byte-level.
        const gap = merge.indexOf(' ', 1)
        return [merge.slice(0, gap), merge.slice(gap + 1)]
      }),
    },
  }
}

/** SentencePiece's byte-pair encoding with bytes for what it does not know, as Llama 2 has it. */
function renderSentencePieces(path: string, vocabulary: GgufVocabulary): TokenizerJson {
  const { tokens, kinds, scores, addSpacePrefix } = vocabulary
  if (scores === undefined) throw badGguf(path, 'its metadata lacks tokenizer.ggml.scores')
  const unknown = tokens[kinds.indexOf(tokenKinds.unknown)]
  const pieces = tokens.flatMap((token, id) =>
    kinds[id] === tokenKinds.normal ? [{ token, id, score: scores[id] as number }] : [],
  )
  const spaces = { type: 'Replace', pattern: { String: ' ' }, content: '▁' }
  return {
    ...emptyTokenizer,
    added_tokens: addedTokens(vocabulary),
    normalizer: {
      type: 'Sequence',
      normalizers: addSpacePrefix ? [{ type: 'Prepend', prepend: '▁' }, spaces] : [spaces],
    },
    pre_tokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(addSpacePrefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      ...emptyModel,
      unk_token: unknown ?? null,
      fuse_unk: true,
      byte_fallback: true,
      vocab: tokensOfKinds(vocabulary, [
        tokenKinds.normal,
        tokenKinds.unknown,
        tokenKinds.control,
        tokenKinds.byte,
      ]),
      merges: mergesFromScores(pieces),
    },
  }
}

const emptyTokenizer = { version: '1.0', truncation: null, padding: null, post_processor: null }

const emptyModel = {
  type: 'BPE',
  dropout: null,
  unk_token: null,
  continuing_subword_prefix: null,
  end_of_word_suffix: null,
  fuse_unk: false,
  byte_fallback: false,
}

function tokensOfKinds({ tokens, kinds }: GgufVocabulary, wanted: readonly number[]) {
  const vocab: Record<string, number> = Object.create(null)
  tokens.forEach((token, id) => {
    if (wanted.includes(kinds[id] as number)) vocab[token] = id
  })
  return vocab
}

/** Control tokens are special, tokens that a user defined are not. */
function addedTokens({ model, tokens, kinds }: GgufVocabulary): AddedTokenEntry[] {
  return tokens.flatMap((content, id) => {
    const kind = kinds[id]
    const special =
      kind === tokenKinds.control || (kind === tokenKinds.unknown && model === 'llama')
    if (!special && kind !== tokenKinds.userDefined) return []
    return [
      {
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special,
      },
    ]
  })
}

/** The post-processor that puts BOS before a text. */
function startWith(bos: string, { tokens }: GgufVocabulary) {
  const start = { SpecialToken: { id: bos, type_id: 0 } }
  const sequence = (id: 'A' | 'B', type: number) => ({ Sequence: { id, type_id: type } })
  return {
    type: 'TemplateProcessing',
    single: [start, sequence('A', 0)],
    pair: [start, sequence('A', 0), { SpecialToken: { id: bos, type_id: 1 } }, sequence('B', 1)],
    special_tokens: { [bos]: { id: bos, ids: [tokens.indexOf(bos)], tokens: [bos] } },
  }
}
