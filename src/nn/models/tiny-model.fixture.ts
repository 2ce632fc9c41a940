import { createRandom } from '../../core/index.ts'
import type { DecoderConfig } from './decoder-config.ts'
import { type Model, parameterShapes } from './parameters.ts'

export const tinyConfig: DecoderConfig = {
  architecture: 'Qwen2ForCausalLM',
  vocabularySize: 61,
  hiddenSize: 32,
  intermediateSize: 48,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headSize: 8,
  normEpsilon: 1e-6,
  rope: { theta: 10_000, scaling: { type: 'default' } },
  tiedEmbeddings: true,
  attentionBias: true,
  queryKeyNorms: false,
  windows: [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
}

/** A model with random weights, for tests. */
export function tinyModel(config: DecoderConfig = tinyConfig): Model {
  const random = createRandom(7, 'tiny-model')
  const parameters = new Map(
    [...parameterShapes(config)].map(([name, shape]) => {
      const length = shape.reduce((product, size) => product * size, 1)
      const center = name.includes('norm') ? 1 : 0
      const data = Float32Array.from({ length }, () => center + 0.2 * random.normal())
      return [name, { data, shape }]
    }),
  )
  const rawConfig = {
    architectures: [config.architecture],
    model_type: 'qwen2',
    vocab_size: config.vocabularySize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.keyValueHeads,
    rms_norm_eps: config.normEpsilon,
    rope_theta: config.rope.theta,
    hidden_act: 'silu',
    tie_word_embeddings: config.tiedEmbeddings,
  }
  return { config, rawConfig, parameters }
}
