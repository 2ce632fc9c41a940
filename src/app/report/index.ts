export { formatPercent, formatPoints } from './html.ts'
export { type EvaluationReport, renderEvaluation } from './render-evaluation.ts'
export { renderEvaluationText } from './render-evaluation-text.ts'
export { renderJunit } from './render-junit.ts'
export { renderReport } from './render-report.ts'
export { renderScoresText } from './render-scores-text.ts'
export type {
  FailingSample,
  ModelComparison,
  ModelScore,
  ReportInput,
  StepRecord,
  TrainingCurve,
} from './report-input.ts'
