/** How a byte-level tokenizer treats text before merging, in the words of tokenizer.json. */
export interface PreTokenizerWay {
  readonly normalizer: unknown
  readonly preTokenizer: unknown
  /** Words that are tokens are taken whole. */
  readonly ignoresMerges: boolean
  /** BOS is put before a text when the file does not say. */
  readonly addsBos: boolean
}

/** The way that a file names under `tokenizer.ggml.pre`. */
export function findPreTokenizer(name: string | undefined): PreTokenizerWay | undefined {
  return name === undefined ? undefined : ways[aliases[name] ?? name]
}

const byteLevel = (useRegex: boolean) => ({
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex,
})

const split = (pattern: string) => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Isolated',
  invert: false,
})

const sequence = (...pretokenizers: unknown[]) => ({ type: 'Sequence', pretokenizers })

/** Words, runs of at most `digits` digits, punctuation, line ends, spaces. */
const words = (digits: string) =>
  [
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)",
    String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`,
    digits,
    String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`,
    String.raw`\s*[\r\n]+`,
    String.raw`\s+(?!\S)`,
    String.raw`\s+`,
  ].join('|')

/** As `words`, words cut before a capital, without contractions. */
const tekkenWords = [
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`,
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`,
  String.raw`\p{N}`,
  String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`,
  String.raw`\s*[\r\n]+`,
  String.raw`\s+(?!\S)`,
  String.raw`\s+`,
].join('|')

const plain = { normalizer: null, ignoresMerges: false, addsBos: false }

/** Ways by the names of llama.cpp, patterns of the tokenizer.json of the models themselves. */
const ways: Readonly<Record<string, PreTokenizerWay>> = {
  'llama-bpe': {
    ...plain,
    preTokenizer: sequence(split(words(String.raw`\p{N}{1,3}`)), byteLevel(false)),
    ignoresMerges: true,
    addsBos: true,
  },
  qwen2: {
    ...plain,
    normalizer: { type: 'NFC' },
    preTokenizer: sequence(split(words(String.raw`\p{N}`)), byteLevel(false)),
  },
  'deepseek-coder': {
    ...plain,
    preTokenizer: sequence(
      split(String.raw`[\r\n]`),
      split(String.raw`\s?\p{L}+`),
      split(String.raw`\s?\p{P}+`),
      split('[一-龥ࠀ-一가-퟿]+'),
      { type: 'Digits', individual_digits: true },
      byteLevel(false),
    ),
  },
  tekken: {
    ...plain,
    preTokenizer: sequence(split(tekkenWords), byteLevel(false)),
    ignoresMerges: true,
    addsBos: true,
  },
  'gpt-2': { ...plain, preTokenizer: byteLevel(true) },
  starcoder: {
    ...plain,
    preTokenizer: sequence({ type: 'Digits', individual_digits: true }, byteLevel(true)),
  },
}

const aliases: Readonly<Record<string, string>> = {
  llama3: 'llama-bpe',
  'llama-v3': 'llama-bpe',
  'deepseek-r1-qwen': 'qwen2',
  refact: 'starcoder',
  smollm: 'starcoder',
  codeshell: 'starcoder',
}

export const knownPreTokenizers: readonly string[] = [...Object.keys(ways), ...Object.keys(aliases)]
