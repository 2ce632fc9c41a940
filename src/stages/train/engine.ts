import type { Progress } from '../../core/index.ts'
import type { Plan } from '../plan/index.ts'
import type { TrainOptions } from './options.ts'

/** One optimizer step, as a line of metrics.jsonl. Values of views that a step lacks are null. */
export interface StepMetrics {
  readonly step: number
  readonly epoch: number
  readonly learningRate: number
  readonly maskRate: number
  /** Loss of the step as the plan weighs it. */
  readonly loss: number
  /** Mean negative log-likelihood over all label positions of the step, in nats. */
  readonly crossEntropy: number
  readonly teacherCrossEntropy: number | null
  readonly studentCrossEntropy: number | null
  /** Mean KL(teacher ‖ student) over the distilled positions of the step, in nats. */
  readonly klDivergence: number | null
  /** Global norm before clipping. */
  readonly gradientNorm: number
  /** Kept tokens of all rows. */
  readonly tokens: number
  readonly seconds: number
  /** Of the held-out samples, with the weights after this step, where it was measured. */
  readonly validation?: ValidationMetrics
}

/** The objective of the plan's held-out samples, as that of one step over all of them. */
export interface ValidationMetrics
  extends Pick<
    StepMetrics,
    | 'loss'
    | 'crossEntropy'
    | 'teacherCrossEntropy'
    | 'studentCrossEntropy'
    | 'klDivergence'
    | 'tokens'
    | 'seconds'
  > {}

export type TrainEvent =
  | { readonly type: 'resume'; readonly step: number }
  | { readonly type: 'step-end'; readonly metrics: StepMetrics }
  | { readonly type: 'checkpoint-end'; readonly step: number; readonly path: string }
  | { readonly type: 'adapter-end'; readonly path: string }
  | { readonly type: 'model-end'; readonly path: string }

/** Executes a plan; knows model folder, plan folder and output folder, never a dialog or a recipe. */
export type Engine = (request: EngineRequest) => AsyncIterable<TrainEvent>

export interface EngineRequest {
  readonly options: TrainOptions
  readonly plan: Plan
  /** Hash of the plan; a checkpoint belongs to one plan. */
  readonly planHash: string
  readonly progress: Progress
  /** Memory for what layers keep for the backward pass, where `activations` is auto. */
  readonly keptBytes: number
  readonly signal?: AbortSignal
}
