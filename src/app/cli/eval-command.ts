import { join } from 'node:path'
import { exitStatus, writeFileAtomic } from '../../core/index.ts'
import {
  type EvaluationSummary,
  evalOptionsSchema,
  evaluate,
  openBenchmark,
  passes,
  readVerdicts,
} from '../../stages/eval/index.ts'
import { renderEvaluation, renderEvaluationText, renderJunit } from '../report/index.ts'
import { defineCommand } from './command.ts'

/** Files that the command writes beside those of the stage. */
export const evaluationReports = { page: 'report.html', junit: 'junit.xml' } as const

/** `reflectioncoder eval`: judges, and writes the page and the file for continuous integration. */
export const evalCommand = defineCommand({
  schema: evalOptionsSchema,
  async run(options, { terminal, ...context }) {
    const opening = openBenchmark(options, context.dataFolders)
    const summary = await evaluate(options, { ...context, benchmark: opening })
    const benchmark = await opening
    const verdicts = await readVerdicts(options.out)
    const prompts = new Map(benchmark.problems.map(({ taskId, prompt }) => [taskId, prompt]))
    const set = summary.plus === undefined ? 'base' : 'plus'
    const failures = verdicts
      .filter((verdict) => !passes(verdict, set))
      .map((verdict) => ({
        name: options.samples,
        prompt: prompts.get(verdict.taskId) ?? '',
        verdict,
      }))
    const page = join(options.out, evaluationReports.page)
    const junit = join(options.out, evaluationReports.junit)
    await writeFileAtomic(page, renderEvaluation({ summary, failures }))
    await writeFileAtomic(junit, renderJunit(summary.benchmark, verdicts, set))
    return {
      summary,
      text: `${renderEvaluationText(summary)}\nResults: ${options.out} (${evaluationReports.page}, ${evaluationReports.junit}, eval_results.json)`,
      status: hasFaults(summary) ? exitStatus.failed : exitStatus.done,
    }
  },
})

/** Whether the sandbox failed at a sample, so that the scores are not of all of them. */
function hasFaults({ statuses }: EvaluationSummary): boolean {
  return [statuses.base, statuses.plus].some((counts) => (counts?.['infra-error'] ?? 0) > 0)
}
