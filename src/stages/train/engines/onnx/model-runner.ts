import type { Adapter, Parameters } from '../../../../nn/models/index.ts'
import type { SessionOptions } from '../../../../nn/runtime/index.ts'
import type { DropKey } from './dropout-feeds.ts'
import type { ObjectiveFactors, ObjectiveSums } from './objective-sums.ts'
import type { Pack } from './pack-step.ts'

/** How a model computes a pack: terms and gradients below the embedding. */
export interface ModelRunner {
  run(
    pack: Pack,
    x: Float32Array,
    sums: Parameters,
    dropKey: DropKey,
  ): Promise<{ objective: ObjectiveSums; dx: Float32Array }>
  dispose(): Promise<void>
}

export interface RunnerOptions {
  readonly session: SessionOptions
  readonly temperature: number
  readonly factors: ObjectiveFactors
  /** What is trained, where it is not the model itself. */
  readonly adapter?: Adapter
}

/** Everything that graphs are fed with by name: the model, and the adapter beside it. */
export function fedParameters(parameters: Parameters, adapter: Adapter | undefined): Parameters {
  return adapter ? new Map([...parameters, ...adapter.parameters]) : parameters
}
