export {
  createPlan,
  type PlanContext,
  type PlanSummary,
  type PlanTokenizer,
  writePlan,
} from './create-plan.ts'
export { encodeDialog } from './encode-dialog.ts'
export { type ForecastSettings, forecast, type PlanForecast } from './forecast.ts'
export {
  type MicroBatch,
  type PlanCounts,
  type PlanManifest,
  type PlannedDataset,
  type PlannedRow,
  type PlannedStep,
  type PlannedValidation,
  planFiles,
  planFormat,
  planVersion,
  type Span,
} from './format.ts'
export { type InspectedBlock, type InspectSettings, inspectSample } from './inspect-sample.ts'
export {
  type MaskStrategy,
  maskStrategies,
  type PlanOptions,
  planOptionsSchema,
} from './options.ts'
export { planSample, type SampleSettings } from './plan-sample.ts'
export { type Plan, readManifest, readPlan } from './read-plan.ts'
export { type DatasetCounts, emptyCounts, type ReadSample, readSamples } from './read-samples.ts'
export { formatOrigin, type SampleOrigin } from './sample-origin.ts'
