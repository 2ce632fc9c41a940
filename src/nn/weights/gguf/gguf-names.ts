/** Hugging Face names of the tensors outside the layers. */
const outerNames: Readonly<Record<string, string>> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
}

/** Hugging Face names of the parts of a layer, llama and qwen families. */
const layerNames: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
}

/** The Hugging Face name of a GGUF tensor; a name that is not known stays as it is. */
export function huggingFaceName(name: string): string {
  const outer = outerNames[name]
  if (outer !== undefined) return outer
  const [, layer, part, ending] = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name) ?? []
  const inner = layerNames[part ?? '']
  return inner === undefined ? name : `model.layers.${layer}.${inner}.${ending}`
}

/**
 * For architecture `llama`, whose converter interleaves the two halves of each head for llama.cpp's
 * rotation: the row in Hugging Face's order of a row of the file.
 *
 * @param headSize rows of one head
 */
export function rotatedRow(row: number, headSize: number): number {
  const head = Math.floor(row / headSize)
  const inHead = row % headSize
  return head * headSize + (inHead % 2) * (headSize / 2) + (inHead >> 1)
}

/** Whether a tensor is one of those whose rows are interleaved. */
export function isRotated(name: string): boolean {
  return /^blk\.\d+\.attn_[qk]\.(weight|bias)$/.test(name)
}
