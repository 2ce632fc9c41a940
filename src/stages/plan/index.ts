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
export { type Plan, readManifest, readPlan } from './read-plan.ts'
