import type { EvaluationSummary, PairedComparison, SampleVerdict } from '../../stages/eval/index.ts'
import type { StepMetrics } from '../../stages/train/index.ts'

/** One training run, step by step. */
export interface TrainingCurve {
  name: string
  metrics: readonly StepMetrics[]
}

/** One evaluated model. */
export interface ModelScore {
  name: string
  summary: Pick<EvaluationSummary, 'base' | 'plus' | 'taskCount' | 'isolation' | 'statuses'>
}

/** Two evaluated models over the same tasks. */
export interface ModelComparison {
  before: string
  after: string
  comparison: PairedComparison
}

/** A sample that did not pass, with what is needed to understand why. */
export interface FailingSample {
  /** Which model wrote it. */
  name: string
  prompt: string
  verdict: SampleVerdict
}

/** One step of a run. */
export interface StepRecord {
  id: string
  uses: string
  seconds: number
  /** Peak resident memory of this process while the step ran; null where it is not known. */
  peakMemoryBytes: number | null
  summary: unknown
}

/** All that a report shows; every part may be empty. */
export interface ReportInput {
  title: string
  description: string
  createdAt: string
  versions: Readonly<Record<string, string>>
  curves: readonly TrainingCurve[]
  scores: readonly ModelScore[]
  comparisons: readonly ModelComparison[]
  failures: readonly FailingSample[]
  /** Failing samples that are not shown. */
  failuresLeftOut: number
  steps: readonly StepRecord[]
  /** The resolved recipe as YAML. */
  recipe: string
}
