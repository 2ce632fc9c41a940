import { type Parameters, zeroGradients } from '../../../../nn/models/index.ts'

export interface AdamWOptions {
  readonly betas: readonly [number, number]
  readonly epsilon: number
  readonly weightDecay: number
  /** Gradients are scaled down to this global norm. */
  readonly maxGradientNorm: number
}

/** Moments and step count of AdamW (Loshchilov and Hutter 2019), in float32. */
export interface AdamWState {
  /** Updates done so far. */
  updates: number
  readonly first: Parameters
  readonly second: Parameters
}

export function createAdamWState(parameters: Parameters): AdamWState {
  return { updates: 0, first: zeroGradients(parameters), second: zeroGradients(parameters) }
}

/** Square root of the sum of squares over all tensors, in double precision. */
export function globalNorm(gradients: Parameters): number {
  let sum = 0
  for (const { data } of gradients.values()) {
    for (let i = 0; i < data.length; i++) sum += data[i]! * data[i]!
  }
  return Math.sqrt(sum)
}

/**
 * Clips as `torch.nn.utils.clip_grad_norm_` and updates as `torch.optim.AdamW`, in place. Biases and
 * norm weights (one-dimensional tensors) are not decayed, as in the Hugging Face Trainer.
 *
 * @param norm global norm of the gradients, before clipping
 */
export function updateAdamW(
  parameters: Parameters,
  gradients: Parameters,
  state: AdamWState,
  learningRate: number,
  { betas: [beta1, beta2], epsilon, weightDecay, maxGradientNorm }: AdamWOptions,
  norm: number,
): void {
  const clip = Math.min(1, maxGradientNorm / (norm + 1e-6))
  state.updates += 1
  const rate = learningRate / (1 - beta1 ** state.updates)
  const rootCorrection = Math.sqrt(1 - beta2 ** state.updates)
  for (const [name, { data, shape }] of parameters) {
    const gradient = gradients.get(name)!.data
    const first = state.first.get(name)!.data
    const second = state.second.get(name)!.data
    const keep = shape.length > 1 ? 1 - learningRate * weightDecay : 1
    for (let i = 0; i < data.length; i++) {
      const g = gradient[i]! * clip
      const m = beta1 * first[i]! + (1 - beta1) * g
      const v = beta2 * second[i]! + (1 - beta2) * g * g
      first[i] = m
      second[i] = v
      data[i] = data[i]! * keep - (rate * m) / (Math.sqrt(v) / rootCorrection + epsilon)
    }
  }
}
