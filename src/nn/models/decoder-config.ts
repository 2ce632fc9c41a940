import { badConfig, type ConfigFile } from './bad-config.ts'
import { parseRope, type Rope } from './rope.ts'

/** Shape of a decoder-only transformer, from the `config.json` of a Hugging Face folder. */
export interface DecoderConfig {
  readonly architecture: Architecture
  readonly vocabularySize: number
  readonly hiddenSize: number
  readonly intermediateSize: number
  readonly layers: number
  readonly heads: number
  readonly keyValueHeads: number
  /** Width of one attention head. */
  readonly headSize: number
  readonly normEpsilon: number
  readonly rope: Rope
  /** The output matrix is the embedding matrix. */
  readonly tiedEmbeddings: boolean
  /** The query, key and value projections have biases. */
  readonly attentionBias: boolean
  /** Queries and keys are normalised head by head, before they are rotated. */
  readonly queryKeyNorms: boolean
  /** Positions that a query sees, itself included, for each layer; Infinity where it sees all. */
  readonly windows: readonly number[]
}

/** What the classes of transformers decide; the rest stands in the configuration. */
const architectures = {
  LlamaForCausalLM: { modelType: 'llama', queryKeyNorms: false },
  MistralForCausalLM: { modelType: 'mistral', queryKeyNorms: false },
  Qwen2ForCausalLM: { modelType: 'qwen2', queryKeyNorms: false },
  Qwen3ForCausalLM: { modelType: 'qwen3', queryKeyNorms: true },
} as const
export type Architecture = keyof typeof architectures

/**
 * Reads the shape of a model from its `config.json`.
 *
 * @throws `RC_BAD_MODEL_CONFIG` naming the file and the field
 */
export function parseDecoderConfig(
  config: Readonly<Record<string, unknown>>,
  path: string,
): DecoderConfig {
  const architecture = parseArchitecture(config, path)
  const integer = (field: string, fallback?: number): number => {
    const value = config[field] ?? fallback
    if (Number.isInteger(value) && (value as number) > 0) return value as number
    throw badConfig(path, field, 'a whole number above 0', value)
  }
  const hiddenSize = integer('hidden_size')
  const heads = integer('num_attention_heads')
  const keyValueHeads = integer('num_key_value_heads', heads)
  if (heads % keyValueHeads !== 0) {
    throw badConfig(path, 'num_key_value_heads', `a divisor of ${heads}`, keyValueHeads)
  }
  const headSize = integer('head_dim', hiddenSize / heads)
  if (headSize % 2 !== 0) throw badConfig(path, 'head_dim', 'an even number', headSize)
  refuseUnknownParts(config, path)
  const layers = integer('num_hidden_layers')
  return {
    architecture,
    vocabularySize: integer('vocab_size'),
    hiddenSize,
    intermediateSize: integer('intermediate_size'),
    layers,
    heads,
    keyValueHeads,
    headSize,
    normEpsilon: (config.rms_norm_eps as number | undefined) ?? 1e-6,
    rope: parseRope({ config, path }),
    tiedEmbeddings: config.tie_word_embeddings === true,
    attentionBias: architecture === 'Qwen2ForCausalLM',
    queryKeyNorms: architectures[architecture].queryKeyNorms,
    windows: parseWindows({ config, path }, architecture, layers),
  }
}

function parseArchitecture(config: Readonly<Record<string, unknown>>, path: string): Architecture {
  const named = (config.architectures as unknown[] | undefined)?.[0]
  if (typeof named === 'string' && Object.hasOwn(architectures, named)) return named as Architecture
  const known = Object.keys(architectures).join(', ')
  throw badConfig(path, 'architectures', `one of ${known}`, config.architectures)
}

/** Parts that no model of these families in use has, and that would change the numbers. */
function refuseUnknownParts(config: Readonly<Record<string, unknown>>, path: string): void {
  const expected: [field: string, values: unknown[], text: string][] = [
    ['hidden_act', [undefined, 'silu'], '"silu"'],
    ['attention_bias', [undefined, false], 'false'],
    ['mlp_bias', [undefined, false], 'false'],
    ['quantization_config', [undefined, null], 'absent (weights of F32, F16 or BF16)'],
  ]
  for (const [field, values, text] of expected) {
    if (!values.includes(config[field])) throw badConfig(path, field, text, config[field])
  }
}

/** Sliding windows, with the defaults of each class in transformers. */
function parseWindows(
  { config, path }: ConfigFile,
  architecture: Architecture,
  layers: number,
): number[] {
  const isQwen = architecture === 'Qwen2ForCausalLM' || architecture === 'Qwen3ForCausalLM'
  const isUsed = architecture === 'MistralForCausalLM' || (isQwen && config.use_sliding_window)
  const size = isUsed ? (config.sliding_window === undefined ? 4096 : config.sliding_window) : null
  const full = Array.from({ length: layers }, () => Number.POSITIVE_INFINITY)
  if (size === null) return full
  if (!Number.isInteger(size) || (size as number) <= 0) {
    throw badConfig(path, 'sliding_window', 'a whole number above 0', size)
  }
  const types = config.layer_types as string[] | undefined
  const first = isQwen ? ((config.max_window_layers as number | undefined) ?? 28) : 0
  return full.map((all, layer) => {
    const slides = types ? types[layer] === 'sliding_attention' : layer >= first
    return slides ? (size as number) : all
  })
}
