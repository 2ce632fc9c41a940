import type { Parameters } from './parameters.ts'

/** Rows of the input embedding, [tokens, hidden]. */
export function embedTokens(
  parameters: Parameters,
  tokens: Int32Array,
  width: number,
): Float32Array {
  const table = parameters.get('model.embed_tokens.weight')!.data
  const result = new Float32Array(tokens.length * width)
  tokens.forEach((token, index) => {
    result.set(table.subarray(token * width, (token + 1) * width), index * width)
  })
  return result
}
