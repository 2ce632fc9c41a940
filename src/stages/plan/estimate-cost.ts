import type { PlannedStep } from './format.ts'
import { countPositions } from './spans.ts'

/** Sizes of a decoder that decide what training costs. */
export interface ModelShape {
  layers: number
  hiddenSize: number
  intermediateSize: number
  /** Heads times their width. */
  queryWidth: number
  keyValueWidth: number
  /** Rows of the embedding, those of added tokens included. */
  vocabularySize: number
  tiedEmbeddings: boolean
}

/** The shape from a `config.json` of any Llama-like model; undefined when a size is missing. */
export function readModelShape(
  config: Readonly<Record<string, unknown>>,
  vocabularySize: number,
): ModelShape | undefined {
  const size = (key: string) => (Number.isInteger(config[key]) ? (config[key] as number) : 0)
  const hiddenSize = size('hidden_size')
  const heads = size('num_attention_heads')
  const headSize = size('head_dim') || hiddenSize / heads
  const shape = {
    layers: size('num_hidden_layers'),
    hiddenSize,
    intermediateSize: size('intermediate_size'),
    queryWidth: heads * headSize,
    keyValueWidth: (size('num_key_value_heads') || heads) * headSize,
    vocabularySize: Math.max(size('vocab_size'), vocabularySize),
  }
  const known = Object.values(shape).every((value) => value > 0)
  return known ? { ...shape, tiedEmbeddings: config.tie_word_embeddings === true } : undefined
}

/**
 * Floating-point operations of a step: two a weight and token forward, four backward and two to
 * recompute the layer, attention over half of all pairs, and the head at label positions alone.
 */
export function estimateStepFlops(shape: ModelShape, { microBatches }: PlannedStep): number {
  const perToken = 8 * shape.layers * layerWeights(shape)
  const perPair = 8 * shape.layers * shape.queryWidth
  const perLabel = 6 * shape.hiddenSize * shape.vocabularySize
  let flops = 0
  for (const { rows } of microBatches) {
    for (const { spans, labels } of rows) {
      const tokens = countPositions(spans)
      flops += perToken * tokens + perPair * tokens * tokens + perLabel * countPositions(labels)
    }
  }
  return flops
}

/**
 * Peak memory of full fine-tuning in float32, in bytes: weights, gradients and both Adam averages;
 * hidden states between layers and one layer's activations for `tokens` tokens computed together;
 * logits of a chunk of positions; 300 MiB for the program itself.
 */
export function estimateMemoryBytes(shape: ModelShape, tokens: number): number {
  const embeddings = (shape.tiedEmbeddings ? 1 : 2) * shape.vocabularySize * shape.hiddenSize
  const weights = shape.layers * layerWeights(shape) + embeddings
  const betweenLayers = (shape.layers + 1) * tokens * shape.hiddenSize
  const oneLayer =
    tokens * (8 * shape.hiddenSize + 4 * shape.queryWidth + 6 * shape.intermediateSize)
  const logits = 4 * Math.max(8 * 2 ** 20, 16 * shape.vocabularySize)
  return 4 * (4 * weights + betweenLayers + oneLayer + logits) + 300 * 2 ** 20
}

function layerWeights({ hiddenSize, intermediateSize, queryWidth, keyValueWidth }: ModelShape) {
  return hiddenSize * (2 * queryWidth + 2 * keyValueWidth + 3 * intermediateSize)
}
