// The public names, stage by stage.

export { type RunOptions, runOptionsSchema, runRecipe } from './app/pipeline/index.ts'
export { type ReportInput, renderReport } from './app/report/index.ts'
export {
  exitStatus,
  InputError,
  InterruptedError,
  MissingDependencyError,
  type Progress,
  type ProgressTask,
  ReflectionCoderError,
  silentProgress,
} from './core/index.ts'
export { readBenchmark, readProblems, readSamples } from './data/benchmarks/index.ts'
export {
  convertToDialog,
  createJsonLinesWriter,
  readDialogs,
  readInstructions,
} from './data/datasets/index.ts'
export {
  type Block,
  type BlockType,
  type Dialog,
  type Message,
  type Role,
  validateDialog,
} from './data/dialog/index.ts'
export { generateKatas, type Kata, toProblem } from './data/katas/index.ts'
export { type HubSettings, resolveModel } from './nn/hub/index.ts'
export {
  createSandbox,
  type Limits,
  type Program,
  type RunResult,
  type Sandbox,
  type Session,
} from './sandbox/index.ts'
export {
  compareResults,
  type EvalOptions,
  evalOptionsSchema,
  evaluate,
  openFailure,
  sanitizeSamples,
  wilsonInterval,
} from './stages/eval/index.ts'
export {
  type GenerateOptions,
  generate,
  generateOptionsSchema,
} from './stages/generate/index.ts'
export { createPlan, type PlanOptions, planOptionsSchema, readPlan } from './stages/plan/index.ts'
export {
  estimateSynthesis,
  forecastSynthesis,
  type PreviewedDialog,
  previewDialogs,
  type SynthEstimate,
  type SynthForecast,
  type SynthOptions,
  type SynthSummary,
  serveSynthesis,
  synthesise,
  synthOptionsSchema,
  type WorkerOptions,
  workerOptionsSchema,
} from './stages/synth/index.ts'
export {
  computeObjective,
  type LossOptions,
  type LossSummary,
  lossOptionsSchema,
  measureLoss,
  type StepMetrics,
  type TrainOptions,
  train,
  trainOptionsSchema,
} from './stages/train/index.ts'
