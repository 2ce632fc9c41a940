import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, writeFileAtomic } from '../../core/index.ts'
import { specialTokens } from '../../data/dialog/index.ts'
import { createWordCounts, trainBytePairs } from './train-byte-pairs.ts'

/**
 * How the tokenizer for code cuts text before merging: the pattern of Qwen2, because transformers
 * gives every tokenizer of a Qwen2 model that pattern, whatever its tokenizer.json says.
 */
const qwen2Pattern = [
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)",
  String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`,
  String.raw`\p{N}`,
  String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`,
  String.raw`\s*[\r\n]+`,
  String.raw`\s+(?!\S)`,
  String.raw`\s+`,
].join('|')

/** The same for JavaScript, which has no inline flags. */
const splitPattern = qwen2Pattern.replace(
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)",
  "'(?:[sS]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])",
)

const endOfText = '<|endoftext|>'

/** What a new tokenizer is made of. */
export interface TrainedTokenizer {
  /** Size of the vocabulary, special tokens included. */
  size: number
  merges: number
  words: number
}

/**
 * Trains a byte-level BPE tokenizer on texts and writes it as a folder with tokenizer.json and
 * tokenizer_config.json: NFC, no BOS, EOS `<|endoftext|>`. The same texts in any order
 * give the same bytes. `vocabularySize` counts EOS and, with `withSpecialTokens` (default false, as a
 * base model knows no dialogs), the seven tokens of a dialog, which get the last ids.
 *
 * @throws `RC_BAD_VOCABULARY_SIZE` when the size cannot hold the 256 bytes and the special tokens.
 */
export async function trainTokenizer(options: {
  texts: Iterable<string> | AsyncIterable<string>
  folder: string
  vocabularySize: number
  withSpecialTokens?: boolean
}): Promise<TrainedTokenizer> {
  const { texts, folder, vocabularySize, withSpecialTokens = false } = options
  const added = [endOfText, ...(withSpecialTokens ? specialTokens : [])]
  const smallest = 256 + added.length
  if (!Number.isInteger(vocabularySize) || vocabularySize < smallest || vocabularySize > 2 ** 24) {
    throw new InputError(
      `vocabulary size: expected a whole number from ${smallest} to ${2 ** 24}, got ${vocabularySize}`,
      { code: 'RC_BAD_VOCABULARY_SIZE', hint: '1024 to 4096 suit a small model of one language.' },
    )
  }
  const words = createWordCounts(new RegExp(splitPattern, 'gu'))
  for await (const text of texts) words.add(text.normalize('NFC'))
  const pairs = trainBytePairs(words.counts, { vocabularySize: vocabularySize - added.length })
  await writeFolder(folder, pairs.tokens, pairs.merges, added)
  return {
    size: pairs.tokens.length + added.length,
    merges: pairs.merges.length,
    words: words.counts.size,
  }
}

async function writeFolder(
  folder: string,
  tokens: string[],
  merges: [string, string][],
  added: string[],
): Promise<void> {
  const entries = added.map((content, index) => ({
    id: tokens.length + index,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }))
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false }
  const split = { type: 'Split', pattern: { Regex: qwen2Pattern }, behavior: 'Isolated' }
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: entries,
    normalizer: { type: 'NFC' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { ...split, invert: false },
        { ...byteLevel, use_regex: false },
      ],
    },
    post_processor: { ...byteLevel, use_regex: false },
    decoder: { ...byteLevel, use_regex: false },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  }
  const config = {
    add_bos_token: false,
    add_prefix_space: false,
    added_tokens_decoder: Object.fromEntries(entries.map(({ id, ...entry }) => [id, entry])),
    additional_special_tokens: added.slice(1),
    bos_token: null,
    clean_up_tokenization_spaces: false,
    eos_token: endOfText,
    errors: 'replace',
    pad_token: endOfText,
    split_special_tokens: false,
    tokenizer_class: 'Qwen2Tokenizer',
    unk_token: null,
  }
  await mkdir(folder, { recursive: true })
  const writeJson = (name: string, value: unknown) =>
    writeFileAtomic(join(folder, name), `${JSON.stringify(value, null, 1)}\n`)
  await writeJson('tokenizer.json', tokenizer)
  await writeJson('tokenizer_config.json', config)
}
