import type { Instruction } from '../../../data/datasets/index.ts'
import type { SynthOptions } from '../options.ts'
import type { PromptSet } from '../prompts/load-prompts.ts'

/** Name of the queue on the server. */
export const queueName = 'reflectioncoder-synth'

/** What a worker must know of a run; it stands in the shared store under the run's id. */
export interface QueuedRun {
  readonly options: SynthOptions
  readonly prompts: PromptSet | undefined
}

/** One piece of work. */
export interface QueuedTask {
  readonly run: string
  readonly instruction: Instruction
}

export const runKeyOf = (run: string) => `run:${run}`

export const budgetKeyOf = (run: string) => `budget:${run}`
