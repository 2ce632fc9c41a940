import type {
  AnswerProblem,
  Benchmark,
  Problem,
  TranslatedProblem,
} from '../../data/benchmarks/index.ts'
import type { Sandbox } from '../../sandbox/index.ts'
import { judgeAnswers } from './judge-answers.ts'
import { judgeFunctions } from './judge-functions.ts'
import { judgeTranslated } from './judge-translated.ts'
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
  benchmark: Benchmark,
  tasks: readonly JudgedTask[],
  context: JudgeContext,
): Promise<void> {
  switch (benchmark.kind) {
    case 'functions':
      return judgeFunctions(benchmark.hash, tasks as readonly JudgedTask<Problem>[], context)
    case 'translated': {
      const translated = tasks as readonly JudgedTask<TranslatedProblem>[]
      return judgeTranslated(benchmark.language, translated, context)
    }
    case 'answers':
      return judgeAnswers(tasks as readonly JudgedTask<AnswerProblem>[], context)
  }
}
