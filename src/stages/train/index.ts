export { forecastTrainMemory } from './check-memory.ts'
export {
  type ComputeObjectiveOptions,
  computeObjective,
  type ObjectiveResult,
} from './compute-objective.ts'
export type {
  Engine,
  EngineRequest,
  StepMetrics,
  TrainEvent,
  ValidationMetrics,
} from './engine.ts'
export { forecastLoss, type LossForecast } from './loss/forecast-loss.ts'
export type { LossFigures, LossPositions } from './loss/loss-figures.ts'
export { type LossSummary, measureLoss, type SampleLoss } from './loss/measure-loss.ts'
export {
  type LossOptions,
  lossOptionsSchema,
  type TrainOptions,
  trainOptionsSchema,
} from './options.ts'
export { type TrainSummary, train } from './train.ts'
