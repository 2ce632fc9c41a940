import type {
  AnswerProblem,
  Benchmark,
  Problem,
  TranslatedProblem,
} from '../../data/benchmarks/index.ts'
import { judgeAnswers } from './judge-answers.ts'
import type { JudgeContext } from './judge-context.ts'
import { judgeFunctions } from './judge-functions.ts'
import { judgeTranslated } from './judge-translated.ts'
import type { JudgedTask } from './judged-task.ts'

/** Judges programs by the rules of their benchmark. Returns warnings about what is missing for it. */
export async function judgeBenchmark(
  benchmark: Benchmark,
  tasks: readonly JudgedTask[],
  context: JudgeContext,
): Promise<string[]> {
  switch (benchmark.kind) {
    case 'functions':
      return judgeFunctions(benchmark, tasks as readonly JudgedTask<Problem>[], context)
    case 'translated': {
      const translated = tasks as readonly JudgedTask<TranslatedProblem>[]
      await judgeTranslated(benchmark.language, translated, context)
      return []
    }
    case 'answers':
      await judgeAnswers(tasks as readonly JudgedTask<AnswerProblem>[], context)
      return []
  }
}
