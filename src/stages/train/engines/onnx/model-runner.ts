import type { Parameters } from '../../../../nn/models/index.ts'
import type { SessionOptions } from '../../../../nn/runtime/index.ts'
import type { ObjectiveFactors, ObjectiveSums } from './objective-sums.ts'
import type { Pack } from './pack-step.ts'

/** How a model computes a pack: terms and gradients below the embedding. */
export interface ModelRunner {
  run(
    pack: Pack,
    x: Float32Array,
    sums: Parameters,
  ): Promise<{ objective: ObjectiveSums; dx: Float32Array }>
  dispose(): Promise<void>
}

export interface RunnerOptions {
  readonly session: SessionOptions
  readonly temperature: number
  readonly factors: ObjectiveFactors
}
