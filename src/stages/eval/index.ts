export { compareResults } from './compare-results.ts'
export {
  type EvaluationContext,
  evaluate,
  evaluationFiles,
} from './evaluate.ts'
export { type BenchmarkChoice, benchmarkName, openBenchmark } from './open-benchmark.ts'
export { type FailureChoice, type OpenedFailure, openFailure } from './open-failure.ts'
export { type EvalOptions, evalOptionsSchema } from './options.ts'
export {
  comparePaired,
  exactMcNemar,
  newcombeInterval,
  type PairedComparison,
} from './paired-comparison.ts'
export { readVerdicts } from './read-verdicts.ts'
export { readPassedTasks } from './result-file.ts'
export { type SanitizeSummary, sanitizeSamples } from './sanitize.ts'
export { type SanitizeOptions, sanitizeOptionsSchema } from './sanitize-options.ts'
export { meanPassAtK, passAtK, type Score, wilsonInterval } from './scores.ts'
export type { EvaluationSummary } from './summary.ts'
export {
  type Failure,
  type ProgramVerdict,
  passes,
  type SampleVerdict,
  type SetVerdict,
  type Status,
} from './verdicts.ts'
