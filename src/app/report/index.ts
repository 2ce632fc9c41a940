export { formatPercent, formatPoints } from './html.ts'
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
