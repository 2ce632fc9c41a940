import { createRandom } from '../../core/index.ts'
import type { DecoderConfig } from './decoder-config.ts'
import { layerParameter, type Model, type Parameters } from './parameters.ts'

/** Projections that an adapter may change, by the names that peft gives them. */
export const adapterTargets = {
  q_proj: 'self_attn.q_proj',
  k_proj: 'self_attn.k_proj',
  v_proj: 'self_attn.v_proj',
  o_proj: 'self_attn.o_proj',
  gate_proj: 'mlp.gate_proj',
  up_proj: 'mlp.up_proj',
  down_proj: 'mlp.down_proj',
} as const
export type AdapterTarget = keyof typeof adapterTargets

/** LoRA (Hu et al. 2021): y = W·x + alpha / rank · B·A·x, with new tokens' rows beside it. */
export interface AdapterConfig {
  readonly rank: number
  readonly alpha: number
  /** Share of the elements of x that A does not see while training. */
  readonly dropout: number
  readonly targets: readonly AdapterTarget[]
  /** Tokens whose rows of the input and the output embedding are trained, neighbours, ascending. */
  readonly tokenIds: readonly number[]
}

/**
 * What is trained beside a frozen model. The rows of tokens lie in the memory of the model's
 * matrices, so that the graphs, which are fed with whole matrices, see them as they change.
 */
export interface Adapter {
  readonly config: AdapterConfig
  /** Under peft's names without their prefix `base_model.model.`. */
  readonly parameters: Parameters
}

const rowsEnding = 'token_adapter.trainable_tokens_delta'

/** Names of the trained rows of the input embedding and of an output matrix of its own. */
export const tokenRowNames = {
  input: `model.embed_tokens.${rowsEnding}`,
  output: `lm_head.${rowsEnding}`,
} as const

/** Name of the trained rows of the output matrix, which is the embedding where they are tied. */
export const headRowsName = ({ tiedEmbeddings }: DecoderConfig) =>
  tiedEmbeddings ? tokenRowNames.input : tokenRowNames.output

/** Names and shapes of the tensors of an adapter. */
export function adapterShapes(
  model: DecoderConfig,
  { rank, targets, tokenIds }: AdapterConfig,
): Map<string, number[]> {
  const shapes = new Map<string, number[]>()
  const rows = [tokenIds.length, model.hiddenSize]
  if (tokenIds.length > 0) shapes.set(tokenRowNames.input, rows)
  for (let layer = 0; layer < model.layers; layer++) {
    for (const target of targets) {
      const name = layerParameter(layer, adapterTargets[target])
      const [out, width] = projectionSize(model, target)
      shapes.set(`${name}.lora_A.weight`, [rank, width])
      shapes.set(`${name}.lora_B.weight`, [out, rank])
    }
  }
  if (tokenIds.length > 0 && !model.tiedEmbeddings) shapes.set(tokenRowNames.output, rows)
  return shapes
}

/** A new adapter, which changes nothing yet: A uniform as peft draws it, B zero. */
export function createAdapter(model: Model, config: AdapterConfig, seed: number): Adapter {
  const rows = tokenRows(model, config)
  const parameters: Parameters = new Map()
  for (const [name, shape] of adapterShapes(model.config, config)) {
    const data = rows.get(name) ?? initialValues(name, shape, seed)
    parameters.set(name, { data, shape })
  }
  return { config, parameters }
}

/** The rows of the trained tokens, in the memory of the model's matrices. */
export function tokenRows(
  { config, parameters }: Model,
  { tokenIds }: AdapterConfig,
): Map<string, Float32Array> {
  const rowsOf = (name: string) => {
    const first = (tokenIds[0] ?? 0) * config.hiddenSize
    const { data } = parameters.get(name)!
    return data.subarray(first, first + tokenIds.length * config.hiddenSize)
  }
  const rows = new Map([[tokenRowNames.input as string, rowsOf('model.embed_tokens.weight')]])
  if (!config.tiedEmbeddings) rows.set(tokenRowNames.output, rowsOf('lm_head.weight'))
  return rows
}

/** Adds an adapter to the weights of its model, in place: W + alpha / rank · B·A. */
export function mergeAdapter({ config, parameters }: Model, adapter: Adapter): void {
  const { rank, alpha, targets } = adapter.config
  for (let layer = 0; layer < config.layers; layer++) {
    for (const target of targets) {
      const name = layerParameter(layer, adapterTargets[target])
      const weight = parameters.get(`${name}.weight`)!
      const a = adapter.parameters.get(`${name}.lora_A.weight`)!.data
      const b = adapter.parameters.get(`${name}.lora_B.weight`)!.data
      addProduct(weight.data, b, a, { rank, width: weight.shape[1]!, scale: alpha / rank })
    }
  }
}

/** weight += scale · b · a, for b [rows, rank] and a [rank, width]. */
function addProduct(
  weight: Float32Array,
  b: Float32Array,
  a: Float32Array,
  { rank, width, scale }: { rank: number; width: number; scale: number },
): void {
  const sum = new Float64Array(width)
  for (let row = 0; row * width < weight.length; row++) {
    sum.fill(0)
    for (let k = 0; k < rank; k++) {
      const factor = b[row * rank + k]!
      for (let column = 0; column < width; column++) sum[column]! += factor * a[k * width + column]!
    }
    for (let column = 0; column < width; column++) {
      weight[row * width + column]! += scale * sum[column]!
    }
  }
}

function initialValues(name: string, shape: readonly number[], seed: number): Float32Array {
  const length = shape[0]! * shape[1]!
  if (name.endsWith('lora_B.weight')) return new Float32Array(length)
  const random = createRandom(seed, 'adapter', name)
  const bound = 1 / Math.sqrt(shape[1]!)
  return Float32Array.from({ length }, () => bound * (2 * random.float() - 1))
}

/** Rows and columns of a projection's weight. */
function projectionSize(config: DecoderConfig, target: AdapterTarget): [number, number] {
  const { hiddenSize, intermediateSize, heads, keyValueHeads, headSize } = config
  const sizes: Record<AdapterTarget, [number, number]> = {
    q_proj: [heads * headSize, hiddenSize],
    k_proj: [keyValueHeads * headSize, hiddenSize],
    v_proj: [keyValueHeads * headSize, hiddenSize],
    o_proj: [hiddenSize, heads * headSize],
    gate_proj: [intermediateSize, hiddenSize],
    up_proj: [intermediateSize, hiddenSize],
    down_proj: [hiddenSize, intermediateSize],
  }
  return sizes[target]
}
