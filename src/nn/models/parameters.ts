import { InputError } from '../../core/index.ts'
import type { HostTensor } from '../runtime/index.ts'
import {
  assertFinite,
  countElements,
  type ModelSource,
  openModelSource,
  writeModelFolder,
} from '../weights/index.ts'
import { type DecoderConfig, parseDecoderConfig } from './decoder-config.ts'
import { allocateWithRoom } from './room-for-rows.ts'

/** Trainable tensors in float32 under their Hugging Face names, in the order of the model. */
export type Parameters = Map<string, HostTensor<Float32Array>>

export interface Model {
  readonly config: DecoderConfig
  /** `config.json` as it was read; `exportModel` writes it again. */
  readonly rawConfig: Readonly<Record<string, unknown>>
  readonly parameters: Parameters
}

/** Number of elements of all tensors together. */
export function countParameters(shapes: ReadonlyMap<string, readonly number[]>): number {
  return [...shapes.values()].reduce((sum, shape) => sum + countElements(shape), 0)
}

/** Names and shapes of the tensors that a model of this shape has. */
export function parameterShapes(config: DecoderConfig): Map<string, number[]> {
  const { vocabularySize, hiddenSize, tiedEmbeddings } = config
  const shapes = new Map([['model.embed_tokens.weight', [vocabularySize, hiddenSize]]])
  for (let layer = 0; layer < config.layers; layer++) {
    for (const [name, shape] of Object.entries(layerShapes(config))) {
      shapes.set(layerParameter(layer, name), shape)
    }
  }
  shapes.set('model.norm.weight', [hiddenSize])
  if (!tiedEmbeddings) shapes.set('lm_head.weight', [vocabularySize, hiddenSize])
  return shapes
}

/** Full name of a parameter of a decoder layer. */
export const layerParameter = (layer: number, name: string) => `model.layers.${layer}.${name}`

/** Name of the output matrix. */
export const headParameter = ({ tiedEmbeddings }: DecoderConfig) =>
  tiedEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight'

/**
 * Reads a Hugging Face folder or a GGUF file into memory as float32, tensor by tensor.
 *
 * @throws `RC_BAD_MODEL_CONFIG`, `RC_MISSING_TENSOR`, `RC_TENSOR_SHAPE`, `RC_UNKNOWN_TENSOR`,
 * `RC_TENSOR_NOT_FINITE`, each with the file and the tensor
 */
export async function loadModel(path: string): Promise<Model> {
  const source = await openModelSource(path)
  try {
    const config = parseDecoderConfig(source.config, path)
    const shapes = parameterShapes(config)
    refuseOtherTensors(source, shapes, config)
    const parameters: Parameters = new Map()
    for (const [name, shape] of shapes) {
      // Every tensor is read to where it stays, so that nothing is in memory twice.
      const data = await source.readFloat32(name, allocate(name, shape))
      assertFinite(data, { path: source.fileOf(name), name, shape })
      parameters.set(name, { data, shape })
    }
    return { config, rawConfig: source.config, parameters }
  } finally {
    await source.close()
  }
}

function allocate(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
  const [rows, width = 1] = shape as [number, number?]
  const isEmbedding = name === 'model.embed_tokens.weight' || name === 'lm_head.weight'
  return isEmbedding ? allocateWithRoom(rows, width) : new Float32Array(rows * width)
}

/** Writes a folder that transformers loads; the tokenizer is the caller's part. */
export async function exportModel(
  path: string,
  { rawConfig, config, parameters }: Model,
  { dtype = 'F32' }: { dtype?: 'F32' | 'BF16' | 'F16' } = {},
): Promise<void> {
  const torchType = { F32: 'float32', BF16: 'bfloat16', F16: 'float16' }[dtype]
  await writeModelFolder(path, {
    config: { ...rawConfig, vocab_size: config.vocabularySize, torch_dtype: torchType },
    tensors: [...parameters].map(([name, { data, shape }]) => ({ name, dtype, shape, data })),
  })
}

function layerShapes(config: DecoderConfig): Record<string, number[]> {
  const { hiddenSize, intermediateSize, headSize } = config
  const queries = config.heads * headSize
  const keys = config.keyValueHeads * headSize
  const biases = {
    'self_attn.q_proj.bias': [queries],
    'self_attn.k_proj.bias': [keys],
    'self_attn.v_proj.bias': [keys],
  }
  const norms = { 'self_attn.q_norm.weight': [headSize], 'self_attn.k_norm.weight': [headSize] }
  return {
    'input_layernorm.weight': [hiddenSize],
    'self_attn.q_proj.weight': [queries, hiddenSize],
    'self_attn.k_proj.weight': [keys, hiddenSize],
    'self_attn.v_proj.weight': [keys, hiddenSize],
    ...(config.attentionBias ? biases : {}),
    ...(config.queryKeyNorms ? norms : {}),
    'self_attn.o_proj.weight': [hiddenSize, queries],
    'post_attention_layernorm.weight': [hiddenSize],
    'mlp.gate_proj.weight': [intermediateSize, hiddenSize],
    'mlp.up_proj.weight': [intermediateSize, hiddenSize],
    'mlp.down_proj.weight': [hiddenSize, intermediateSize],
  }
}

/** Checks names, types and shapes before anything is read. */
function refuseOtherTensors(
  source: ModelSource,
  expected: ReadonlyMap<string, readonly number[]>,
  { tiedEmbeddings }: DecoderConfig,
): void {
  const { path, tensors } = source
  const problem = (code: string, file: string, message: string) =>
    new InputError(`${file}: ${message}`, {
      code,
      hint: `The weights do not belong to the configuration of ${path}; fetch the model again.`,
    })
  for (const [name, shape] of expected) {
    const tensor = tensors.get(name)
    if (!tensor) {
      const message = `the tensor ${name} [${shape.join(', ')}] is missing`
      throw problem('RC_MISSING_TENSOR', path, message)
    }
    if (tensor.shape.join() !== shape.join()) {
      const sizes = `expected [${shape.join(', ')}], got [${tensor.shape.join(', ')}]`
      const message = `the tensor ${name} has the wrong shape: ${sizes}`
      throw problem('RC_TENSOR_SHAPE', source.fileOf(name), message)
    }
  }
  for (const name of tensors.keys()) {
    const copyOfEmbedding = tiedEmbeddings && name === 'lm_head.weight'
    if (expected.has(name) || copyOfEmbedding || isBuffer(name)) continue
    const message = `the tensor ${name} has no place in this model`
    throw problem('RC_UNKNOWN_TENSOR', source.fileOf(name), message)
  }
}

/** Early Llama folders hold the rotary frequencies, which follow from the configuration. */
const isBuffer = (name: string) => name.endsWith('.rotary_emb.inv_freq')
