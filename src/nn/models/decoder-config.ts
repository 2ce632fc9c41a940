import { InputError } from '../../core/index.ts'

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
  /** Base of the rotary frequencies. */
  readonly ropeTheta: number
  /** The output matrix is the embedding matrix. */
  readonly tiedEmbeddings: boolean
  /** The query, key and value projections have biases. */
  readonly attentionBias: boolean
}

const architectures = {
  Qwen2ForCausalLM: { attentionBias: true },
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
  if (config.hidden_act !== undefined && config.hidden_act !== 'silu') {
    throw badConfig(path, 'hidden_act', '"silu"', config.hidden_act)
  }
  if (config.use_sliding_window === true) {
    throw badConfig(path, 'use_sliding_window', 'false', true)
  }
  return {
    architecture,
    vocabularySize: integer('vocab_size'),
    hiddenSize,
    intermediateSize: integer('intermediate_size'),
    layers: integer('num_hidden_layers'),
    heads,
    keyValueHeads,
    headSize: integer('head_dim', hiddenSize / heads),
    normEpsilon: (config.rms_norm_eps as number | undefined) ?? 1e-6,
    ropeTheta: parseRopeTheta(config, path),
    tiedEmbeddings: config.tie_word_embeddings === true,
    attentionBias: architectures[architecture].attentionBias,
  }
}

function parseArchitecture(config: Readonly<Record<string, unknown>>, path: string): Architecture {
  const named = (config.architectures as unknown[] | undefined)?.[0]
  if (typeof named === 'string' && Object.hasOwn(architectures, named)) return named as Architecture
  const known = Object.keys(architectures).join(', ')
  throw badConfig(path, 'architectures', `one of ${known}`, config.architectures)
}

/** `rope_theta` at the top level, or in `rope_parameters` as transformers 5 writes it. */
function parseRopeTheta(config: Readonly<Record<string, unknown>>, path: string): number {
  const rope = (config.rope_parameters ?? config.rope_scaling ?? {}) as Record<string, unknown>
  const kind = rope.rope_type ?? rope.type ?? 'default'
  if (kind !== 'default') throw badConfig(path, 'rope_scaling.rope_type', '"default"', kind)
  const theta = config.rope_theta ?? rope.rope_theta ?? 10_000
  if (typeof theta === 'number' && theta > 0) return theta
  throw badConfig(path, 'rope_theta', 'a number above 0', theta)
}

function badConfig(path: string, field: string, expected: string, got: unknown): InputError {
  const found = got === undefined ? 'nothing' : JSON.stringify(got)
  return new InputError(`${path}/config.json: ${field} should be ${expected}, got ${found}`, {
    code: 'RC_BAD_MODEL_CONFIG',
    hint: 'This engine does not run such a model; choose one of the supported architectures.',
  })
}
