import { exportModel, initialiseModel } from '../../src/nn/models/index.ts'
import { loadTokenizer, trainTokenizer } from '../../src/nn/tokenizer/index.ts'

/** Writes a Qwen2 model of one small layer with random weights and a tokenizer of 300 tokens. */
export async function writeTinyModel(folder: string): Promise<void> {
  const text = 'def add(a, b):\n    """Adds."""\n    return a + b\n'
  await trainTokenizer({
    texts: Array.from({ length: 20 }, () => `\`\`\`python\n${text}\`\`\``),
    folder,
    vocabularySize: 300,
    withSpecialTokens: true,
  })
  const config = {
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    vocab_size: (await loadTokenizer(folder)).size,
    hidden_size: 32,
    intermediate_size: 48,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    rms_norm_eps: 1e-6,
    rope_theta: 10_000,
    hidden_act: 'silu',
    tie_word_embeddings: true,
  }
  await exportModel(folder, initialiseModel(config, 1))
}

/** A reflection sample of four messages. */
export const reflectionDialog = {
  messages: [
    { role: 'user', content: [{ type: 'text', content: 'Add two numbers, with tests.' }] },
    {
      role: 'assistant',
      content: [
        { type: 'text', content: 'I try.' },
        { type: 'code', content: 'def add(a, b):\n    return a - b\nprint(add(1, 2))' },
        { type: 'execution', content: '-1\n' },
        { type: 'text', content: 'The sign is wrong.' },
      ],
    },
    { role: 'user', content: [{ type: 'text', content: 'Add two numbers.' }] },
    {
      role: 'assistant',
      content: [{ type: 'text', content: '```python\ndef add(a, b):\n    return a + b\n```' }],
    },
  ],
  type: 'reflection',
}
