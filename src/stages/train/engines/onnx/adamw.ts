import { type Parameters, zeroGradients } from '../../../../nn/models/index.ts'
import { releaseBuffer } from '../../../../nn/runtime/index.ts'
import { createAdamWKernel } from './adamw-kernel.ts'

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
  for (const { data } of gradients.values()) sum += kernel.sumSquares(data)
  return Math.sqrt(sum)
}

const kernel = createAdamWKernel()

/**
 * Clips as `torch.nn.utils.clip_grad_norm_` and updates as `torch.optim.AdamW`, in place. Biases and
 * norm weights (one-dimensional tensors) are not decayed, as in the Hugging Face Trainer. Gradients
 * are used up: the memory of each is given back after its tensor.
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
  state.updates += 1
  const factors = {
    clip: Math.min(1, maxGradientNorm / (norm + 1e-6)),
    beta1,
    beta2,
    rate: learningRate / (1 - beta1 ** state.updates),
    rootFactor: 1 / Math.sqrt(1 - beta2 ** state.updates),
    epsilon,
  }
  for (const [name, { data, shape }] of parameters) {
    const gradient = gradients.get(name)!.data
    const keep = shape.length > 1 ? 1 - learningRate * weightDecay : 1
    const first = state.first.get(name)!.data
    const second = state.second.get(name)!.data
    kernel.update(data, gradient, first, second, { ...factors, keep })
    releaseBuffer(gradient)
  }
}
