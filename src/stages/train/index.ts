export {
  type ComputeObjectiveOptions,
  computeObjective,
  type ObjectiveResult,
} from './compute-objective.ts'
export type { Engine, EngineRequest, StepMetrics, TrainEvent } from './engine.ts'
export { type TrainOptions, trainOptionsSchema } from './options.ts'
export { type TrainSummary, train } from './train.ts'
