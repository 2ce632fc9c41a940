import type { StartingSandbox } from '../../sandbox/index.ts'
import type { OnVerdict } from './judged-task.ts'
import type { EvalOptions } from './options.ts'

/** What judging works with. */
export interface JudgeContext {
  sandbox: StartingSandbox
  /** The judge's own text. */
  source: string
  options: EvalOptions
  /** Programs at one time. */
  workers: number
  onVerdict: OnVerdict
  /** Where what references returned is kept for the next evaluation. */
  referenceFolder?: string
  signal?: AbortSignal
}
