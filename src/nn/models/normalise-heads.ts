import { reshape, rmsNorm, type Value } from '../graph/index.ts'
import type { DecoderConfig } from './decoder-config.ts'

/**
 * RMSNorm of each head by itself, as Qwen3 has it before the rotation.
 *
 * @param x queries or keys [tokens, heads · size]
 * @param weight [size], the same for every head
 */
export function normaliseHeads(
  { headSize, normEpsilon }: DecoderConfig,
  x: Value,
  weight: Value,
): Value {
  const heads = reshape(x, [`${x.shape[0]}·heads`, headSize])
  return reshape(rmsNorm(heads, weight, normEpsilon), x.shape)
}
