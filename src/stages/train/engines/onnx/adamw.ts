import {
  add,
  divide,
  Graph,
  type GraphModel,
  multiply,
  overRows,
  renderOnnx,
  squareRoot,
  subtract,
} from '../../../../nn/graph/index.ts'
import { type Parameters, zeroGradients } from '../../../../nn/models/index.ts'
import {
  createSession,
  type HostTensor,
  releaseBuffer,
  type SessionOptions,
} from '../../../../nn/runtime/index.ts'

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

/** The optimizer of a run: its graph, loaded once. */
export interface AdamW {
  /**
   * Clips as `torch.nn.utils.clip_grad_norm_` and updates as `torch.optim.AdamW`, in place. Biases
   * and norm weights (one-dimensional tensors) are not decayed, as in the Hugging Face Trainer.
   * Gradients are used up: the memory of each is given back after its tensor.
   *
   * @param norm global norm of the gradients, before clipping
   */
  update(
    parameters: Parameters,
    gradients: Parameters,
    state: AdamWState,
    learningRate: number,
    norm: number,
  ): Promise<void>
  dispose(): Promise<void>
}

export async function createAdamW(
  options: AdamWOptions,
  sessionOptions: SessionOptions,
): Promise<AdamW> {
  const { epsilon, weightDecay, maxGradientNorm } = options
  const [beta1, beta2] = options.betas
  const session = await createSession(updateGraph(), sessionOptions)
  return {
    async update(parameters, gradients, state, learningRate, norm) {
      state.updates += 1
      const factors = {
        clip: Math.min(1, maxGradientNorm / (norm + 1e-6)),
        beta1,
        rest1: 1 - beta1,
        beta2,
        rest2: 1 - beta2,
        rate: learningRate / (1 - beta1 ** state.updates),
        rootFactor: 1 / Math.sqrt(1 - beta2 ** state.updates),
        epsilon,
      }
      for (const [name, { data, shape }] of parameters) {
        const keep = shape.length > 1 ? 1 - learningRate * weightDecay : 1
        const gradient = gradients.get(name)!.data
        const first = state.first.get(name)!.data
        const second = state.second.get(name)!.data
        const ofTensor = scalars({ ...factors, keep })
        for (const part of partsOf({ weights: data, gradient, first, second })) {
          const { weights, first, second } = part
          await session.run({ ...part, ...ofTensor }, { into: { weights, first, second } })
        }
        releaseBuffer(gradient)
      }
    },
    dispose: session.dispose,
  }
}

/** Of one update of one tensor. */
interface Factors {
  /** On the gradient. */
  readonly clip: number
  readonly beta1: number
  /** 1 − β₁ */
  readonly rest1: number
  readonly beta2: number
  /** 1 − β₂ */
  readonly rest2: number
  /** Learning rate over the correction of the first moment's bias. */
  readonly rate: number
  /** 1 over the root of the correction of the second moment's bias. */
  readonly rootFactor: number
  readonly epsilon: number
  /** What weight decay leaves of a weight. */
  readonly keep: number
}

const tensorNames = ['weights', 'gradient', 'first', 'second'] as const

/**
 * g ← clip · g; m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²;
 * w ← keep·w − rate · m / (√v · rootFactor + ε).
 */
function updateGraph(): GraphModel {
  const graph = new Graph()
  const factor = (name: keyof Factors) => graph.input(name, [])
  const [clip, keep, rate] = [factor('clip'), factor('keep'), factor('rate')]
  const [rootFactor, epsilon] = [factor('rootFactor'), factor('epsilon')]
  const [beta1, rest1] = [factor('beta1'), factor('rest1')]
  const [beta2, rest2] = [factor('beta2'), factor('rest2')]
  const tensors = tensorNames.map((name) => graph.input(name, ['rows', 'row']))
  const [weights, first, second] = overRows(tensors, ([w, gradient, m0, v0]) => {
    const g = multiply(gradient!, clip)
    const m = add(multiply(m0!, beta1), multiply(g, rest1))
    const v = add(multiply(v0!, beta2), multiply(multiply(g, g), rest2))
    const root = add(multiply(squareRoot(v), rootFactor), epsilon)
    return [subtract(multiply(w!, keep), divide(multiply(m, rate), root)), m, v]
  })
  return renderOnnx('adamw', graph, { weights: weights!, first: first!, second: second! })
}

type TensorName = (typeof tensorNames)[number]

/** Elements of a row: as many as stay in the cache, and are worth being shared by threads. */
const rowElements = 2 ** 18

/** Arrays of equal length as matrices of whole rows, and what is left over as one row. */
function* partsOf(
  arrays: Readonly<Record<TensorName, Float32Array>>,
): Generator<Record<TensorName, HostTensor<Float32Array>>> {
  const { length } = arrays.weights
  const whole = length - (length % rowElements)
  for (const [start, end, row] of [
    [0, whole, rowElements],
    [whole, length, length - whole],
  ] as const) {
    if (start === end) continue
    const shape = [(end - start) / row, row]
    const part = (name: TensorName) => ({ data: arrays[name].subarray(start, end), shape })
    yield {
      weights: part('weights'),
      gradient: part('gradient'),
      first: part('first'),
      second: part('second'),
    }
  }
}

const scalars = (factors: Factors) =>
  Object.fromEntries(
    Object.entries(factors).map(([name, value]) => [
      name,
      { data: Float32Array.of(value), shape: [] },
    ]),
  )
