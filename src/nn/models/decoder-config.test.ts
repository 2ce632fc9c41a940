import { describe, expect, it } from 'vitest'
import { parseDecoderConfig } from './decoder-config.ts'

const shape = {
  architectures: ['LlamaForCausalLM'],
  vocab_size: 100,
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
}
const parse = (changes: Record<string, unknown>) =>
  parseDecoderConfig({ ...shape, ...changes }, 'm')

describe('parseDecoderConfig', () => {
  it.each([
    ['LlamaForCausalLM', { attentionBias: false, queryKeyNorms: false }],
    ['MistralForCausalLM', { attentionBias: false, queryKeyNorms: false }],
    ['Qwen2ForCausalLM', { attentionBias: true, queryKeyNorms: false }],
    ['Qwen3ForCausalLM', { attentionBias: false, queryKeyNorms: true }],
  ])('knows %s', (name, expected) => {
    const common = { layers: 4, headSize: 16, keyValueHeads: 2, tiedEmbeddings: false }
    expect(parse({ architectures: [name] })).toMatchObject({ ...common, ...expected })
  })

  it('takes a head size of its own', () => {
    expect(parse({ head_dim: 24 }).headSize).toBe(24)
  })

  const all = Number.POSITIVE_INFINITY
  it.each<[string, Record<string, unknown>, number[]]>([
    ['Llama has none', { sliding_window: 8 }, [all, all, all, all]],
    ['Mistral', { architectures: ['MistralForCausalLM'], sliding_window: 8 }, [8, 8, 8, 8]],
    [
      'later Mistral',
      { architectures: ['MistralForCausalLM'], sliding_window: null },
      [all, all, all, all],
    ],
    ['early Mistral', { architectures: ['MistralForCausalLM'] }, [4096, 4096, 4096, 4096]],
    [
      'Qwen without',
      { architectures: ['Qwen2ForCausalLM'], sliding_window: 8 },
      [all, all, all, all],
    ],
    [
      'Qwen from a layer on',
      {
        architectures: ['Qwen2ForCausalLM'],
        use_sliding_window: true,
        sliding_window: 8,
        max_window_layers: 3,
      },
      [all, all, all, 8],
    ],
    [
      'Qwen layer by layer',
      {
        architectures: ['Qwen3ForCausalLM'],
        use_sliding_window: true,
        sliding_window: 8,
        layer_types: ['sliding_attention', 'full_attention', 'full_attention', 'sliding_attention'],
      },
      [8, all, all, 8],
    ],
  ])('reads sliding windows: %s', (_, changes, windows) => {
    expect(parse(changes).windows).toEqual(windows)
  })

  it.each<[Record<string, unknown>, string]>([
    [
      { architectures: ['GemmaForCausalLM'] },
      'm/config.json: architectures should be one of Llama',
    ],
    [{ architectures: undefined }, 'architectures should be one of'],
    [{ num_key_value_heads: 3 }, 'num_key_value_heads should be a divisor of 4, got 3'],
    [{ head_dim: 15 }, 'head_dim should be an even number, got 15'],
    [{ hidden_act: 'gelu' }, 'hidden_act should be "silu", got "gelu"'],
    [{ attention_bias: true }, 'attention_bias should be false, got true'],
    [{ quantization_config: { bits: 4 } }, 'quantization_config should be absent'],
    [{ vocab_size: undefined }, 'vocab_size should be a whole number above 0, got nothing'],
    [
      { rope_scaling: { type: 'longrope' } },
      'rope_scaling.rope_type should be one of default, linear',
    ],
    [
      { rope_scaling: { type: 'linear' } },
      'rope_scaling.factor should be a number above 0, got nothing',
    ],
    [{ rope_parameters: { rope_type: 'mrope' } }, 'rope_parameters.rope_type should be one of'],
    [{ rope_theta: 'x' }, 'rope_theta should be a number above 0, got "x"'],
    [{ partial_rotary_factor: 0.5 }, 'partial_rotary_factor should be 1, got 0.5'],
    [
      { architectures: ['MistralForCausalLM'], sliding_window: 0 },
      'sliding_window should be a whole',
    ],
  ])('refuses %o', (changes, problem) => {
    expect(() => parse(changes)).toThrow(problem)
    expect(() => parse(changes)).toThrow(expect.objectContaining({ code: 'RC_BAD_MODEL_CONFIG' }))
  })
})
