import { badGguf } from '../weights-errors.ts'
import type { GgufMetadata, GgufTensor } from './parse-gguf.ts'

/** Architectures of GGUF that are read, with their names in `config.json`. */
const architectures: Readonly<Record<string, { className: string; modelType: string }>> = {
  llama: { className: 'LlamaForCausalLM', modelType: 'llama' },
  qwen2: { className: 'Qwen2ForCausalLM', modelType: 'qwen2' },
  qwen3: { className: 'Qwen3ForCausalLM', modelType: 'qwen3' },
}

/** What the metadata of a model says, read with the file's name in every error. */
interface Fields {
  readonly architecture: string
  number(key: string): number | undefined
  required(key: string): number
  text(key: string): string | undefined
}

/**
 * The `config.json` that the model of a GGUF file would have in a Hugging Face folder.
 *
 * @param ropeFactors values of the tensor `rope_freqs.weight`, in which Llama 3 keeps its scaling
 * @throws `RC_BAD_GGUF` for an architecture that is not read and for keys that are missing
 */
export function renderGgufConfig(
  path: string,
  metadata: GgufMetadata,
  tensors: ReadonlyMap<string, GgufTensor>,
  ropeFactors?: Float32Array,
): Record<string, unknown> {
  const fields = readFields(path, metadata)
  const { className, modelType } = architectures[fields.architecture]!
  if ((fields.number('expert_count') ?? 0) > 0) {
    throw badGguf(
      path,
      'expected a dense model, got a mixture of experts',
      'Choose a dense model of the Llama or Qwen family.',
    )
  }
  const embedding = tensors.get('token_embd.weight')
  if (embedding === undefined) throw badGguf(path, 'it holds no tensor token_embd.weight')
  const hidden = fields.required('embedding_length')
  const heads = fields.required('attention.head_count')
  const headSize =
    fields.number('attention.key_length') ?? fields.number('rope.dimension_count') ?? hidden / heads
  const slidingWindow = fields.number('attention.sliding_window') ?? 0
  const hasBias = (part: string) => tensors.has(`blk.0.${part}.bias`)
  const theta = shortest(fields.number('rope.freq_base') ?? 10_000)
  const scaling = ropeFactors
    ? llama3Scaling(path, ropeFactors, theta, headSize)
    : ropeScaling(path, fields)
  return {
    architectures: [className],
    model_type: modelType,
    vocab_size: embedding.shape[0],
    hidden_size: hidden,
    intermediate_size: fields.required('feed_forward_length'),
    num_hidden_layers: fields.required('block_count'),
    num_attention_heads: heads,
    num_key_value_heads: fields.number('attention.head_count_kv') ?? heads,
    ...(modelType === 'qwen2' && headSize === hidden / heads ? {} : { head_dim: headSize }),
    hidden_act: 'silu',
    max_position_embeddings: fields.number('context_length') ?? 2048,
    rms_norm_eps: shortest(fields.required('attention.layer_norm_rms_epsilon')),
    rope_theta: theta,
    ...(scaling ? { rope_scaling: scaling } : {}),
    ...(slidingWindow > 0 ? { sliding_window: slidingWindow, use_sliding_window: true } : {}),
    ...(modelType === 'qwen2' ? {} : { attention_bias: hasBias('attn_q') }),
    ...(modelType === 'llama' ? { mlp_bias: hasBias('ffn_gate') } : {}),
    tie_word_embeddings: !tensors.has('output.weight'),
    ...tokenId(metadata, 'bos'),
    ...tokenId(metadata, 'eos'),
    torch_dtype: 'float32',
  }
}

function readFields(path: string, metadata: GgufMetadata): Fields {
  const architecture = metadata.get('general.architecture')
  if (typeof architecture !== 'string' || !Object.hasOwn(architectures, architecture)) {
    const known = Object.keys(architectures).join(', ')
    const found = architecture === undefined ? 'nothing' : JSON.stringify(architecture)
    throw badGguf(
      path,
      `general.architecture: expected one of ${known}, got ${found}`,
      'Choose a model of the Llama or Qwen family.',
    )
  }
  const number = (key: string) => {
    const value = metadata.get(`${architecture}.${key}`)
    if (value === undefined || typeof value === 'number') return value
    // Some converters write one number a layer.
    if (Array.isArray(value) && typeof value[0] === 'number' && new Set(value).size === 1) {
      return value[0]
    }
    throw badGguf(path, `${architecture}.${key}: expected one number, got ${describe(value)}`)
  }
  return {
    architecture,
    number,
    required(key) {
      const value = number(key)
      if (value !== undefined) return value
      throw badGguf(path, `its metadata lacks ${architecture}.${key}`)
    },
    text(key) {
      const value = metadata.get(`${architecture}.${key}`)
      return typeof value === 'string' ? value : undefined
    },
  }
}

function ropeScaling(path: string, fields: Fields): Record<string, unknown> | undefined {
  const type = fields.text('rope.scaling.type') ?? 'none'
  // Files from before the type was written have the factor alone, which means linear.
  const factor = fields.number('rope.scaling.factor') ?? fields.number('rope.scale_linear')
  if (type === 'none' || factor === undefined) {
    if (factor === undefined || factor === 1 || fields.text('rope.scaling.type') === 'none') return
    return { rope_type: 'linear', factor: shortest(factor) }
  }
  if (type === 'linear') return { rope_type: 'linear', factor: shortest(factor) }
  if (type !== 'yarn') {
    throw badGguf(
      path,
      `${fields.architecture}.rope.scaling.type: expected none, linear or yarn, got "${type}"`,
      'Choose a model with one of these.',
    )
  }
  const optional = (name: string, key: string) => {
    const value = fields.number(`rope.scaling.${key}`)
    return value === undefined ? {} : { [name]: shortest(value) }
  }
  return {
    rope_type: 'yarn',
    factor: shortest(factor),
    ...optional('original_max_position_embeddings', 'original_context_length'),
    ...attentionFactor(fields, factor),
    ...optional('beta_fast', 'yarn_beta_fast'),
    ...optional('beta_slow', 'yarn_beta_slow'),
  }
}

/** llama.cpp multiplies the factor that yarn gives; transformers replaces it. */
function attentionFactor(fields: Fields, factor: number): Record<string, number> {
  const own = fields.number('rope.scaling.attn_factor') ?? 1
  return own === 1 ? {} : { attention_factor: shortest(own) * (0.1 * Math.log(factor) + 1) }
}

/**
 * The parameters that gave the factors of `rope_freqs.weight`: all models of the Llama 3 family
 * have the frequency factors 1 and 4 over 8,192 positions and differ in the largest factor.
 */
function llama3Scaling(path: string, factors: Float32Array, theta: number, headSize: number) {
  const scaling = {
    rope_type: 'llama3',
    factor: shortest(factors.reduce((largest, value) => Math.max(largest, value), 1)),
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  }
  if (scaling.factor === 1) return undefined
  const agrees = factors.every((found, index) => {
    const wavelength = 2 * Math.PI * theta ** ((2 * index) / headSize)
    const original = scaling.original_max_position_embeddings
    const smooth = Math.min(1, Math.max(0, (original / wavelength - 1) / (4 - 1)))
    const expected = 1 / ((1 - smooth) / scaling.factor + smooth)
    return Math.abs(found - expected) <= 1e-4 * expected
  })
  if (agrees && factors.length === headSize / 2) return scaling
  throw badGguf(
    path,
    'tensor rope_freqs.weight: expected the factors of the Llama 3 family, got others',
    'Take the model as a Hugging Face folder, whose config.json says how it is scaled.',
  )
}

function tokenId(metadata: GgufMetadata, name: 'bos' | 'eos'): Record<string, number> {
  const id = metadata.get(`tokenizer.ggml.${name}_token_id`)
  return typeof id === 'number' ? { [`${name}_token_id`]: id } : {}
}

/** The shortest decimal that is the same float32: 1e-6 was stored, not 9.99999997475e-7. */
function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === Math.fround(value)) return short
  }
  return value
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
