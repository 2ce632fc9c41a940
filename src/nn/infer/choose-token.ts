import type { Random } from '../../core/index.ts'

export interface SamplingOptions {
  /** 0 takes the most likely token. */
  readonly temperature: number
  /** Only the most likely tokens that together have this probability; 1 keeps all. */
  readonly topP: number
  /** Only this many of the most likely tokens; 0 keeps all. */
  readonly topK: number
}

/**
 * Draws a token from logits: temperature, then top-k, then nucleus sampling (Holtzman et al. 2020),
 * in the order of transformers. Equal logits count by lower id first.
 */
export function chooseToken(
  logits: Float32Array,
  { temperature, topP, topK }: SamplingOptions,
  random: Random,
): number {
  if (temperature === 0) return indexOfLargest(logits)
  const largest = logits[indexOfLargest(logits)]!
  const candidates = Array.from(logits, (logit, id) => ({
    id,
    weight: Math.exp((logit - largest) / temperature),
  }))
  const cut = topK > 0 || topP < 1
  if (cut) candidates.sort((a, b) => b.weight - a.weight || a.id - b.id)
  const kept = nucleus(topK > 0 ? candidates.slice(0, topK) : candidates, topP)
  const total = kept.reduce((sum, { weight }) => sum + weight, 0)
  let rest = random.float() * total
  for (const { id, weight } of kept) {
    rest -= weight
    if (rest < 0) return id
  }
  return kept.at(-1)!.id
}

function nucleus<T extends { weight: number }>(sorted: T[], topP: number): T[] {
  if (topP >= 1) return sorted
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0)
  let mass = 0
  const end = sorted.findIndex(({ weight }) => {
    mass += weight
    return mass >= topP * total
  })
  return end === -1 ? sorted : sorted.slice(0, end + 1)
}

function indexOfLargest(values: Float32Array): number {
  let best = 0
  for (let index = 1; index < values.length; index++) {
    if (values[index]! > values[best]!) best = index
  }
  return best
}
