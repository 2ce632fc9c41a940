import { InputError } from '../../core/index.ts'
import type { AnswerProblem, Benchmark, Problem } from '../../data/benchmarks/index.ts'
import type { Sandbox } from '../../sandbox/index.ts'
import { judgeAnswers } from './judge-answers.ts'
import { judgeFunctions } from './judge-functions.ts'
import type { JudgedTask, OnVerdict } from './judged-task.ts'
import type { EvalOptions } from './options.ts'

/** What judging works with. */
export interface JudgeContext {
  sandbox: Sandbox
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

/** Judges programs by the rules of their benchmark. */
export async function judgeBenchmark(
  { kind, hash }: Benchmark,
  tasks: readonly JudgedTask[],
  context: JudgeContext,
): Promise<void> {
  switch (kind) {
    case 'functions':
      return judgeFunctions(hash, tasks as readonly JudgedTask<Problem>[], context)
    case 'answers':
      return judgeAnswers(tasks as readonly JudgedTask<AnswerProblem>[], context)
    default:
      throw new InputError('programs in other languages than Python cannot be judged yet', {
        code: 'RC_NO_JUDGE',
      })
  }
}
