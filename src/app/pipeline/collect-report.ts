import { readFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import {
  benchmarkName,
  compareResults,
  type EvalOptions,
  type EvaluationSummary,
  evaluationFiles,
  openBenchmark,
  passes,
  readVerdicts,
} from '../../stages/eval/index.ts'
import type { StepMetrics } from '../../stages/train/index.ts'
import type {
  FailingSample,
  ModelComparison,
  ModelScore,
  ReportInput,
  TrainingCurve,
} from '../report/index.ts'
import type { Recipe } from './recipe.ts'
import { renderResolvedRecipe } from './render-resolved.ts'
import type { ResolvedStep } from './resolve-recipe.ts'
import type { StepState } from './step-state.ts'

/** Failing samples that a report shows of one model. */
const shownFailures = 8

/** Gathers what the report of a finished run shows from the files of its steps. */
export async function collectReport(
  recipe: Recipe,
  steps: readonly ResolvedStep[],
  states: ReadonlyMap<string, StepState>,
  { version, dataFolders }: { version: string; dataFolders?: readonly string[] },
): Promise<ReportInput> {
  const evaluations = steps.filter((step) => step.stage.name === 'eval')
  const trainings = steps.filter((step) => step.stage.name === 'train')
  const failures = await Promise.all(evaluations.map((step) => readFailures(step, dataFolders)))
  return {
    title: recipe.title,
    description: recipe.description,
    createdAt: `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    versions: describeVersions(version),
    curves: await Promise.all(trainings.map(readCurve)),
    scores: evaluations.map((step) => readScore(step, states)),
    comparisons: await compareAll(evaluations),
    failures: failures.flatMap((list) => list.slice(0, shownFailures)),
    failuresLeftOut: failures.reduce(
      (sum, list) => sum + Math.max(0, list.length - shownFailures),
      0,
    ),
    steps: steps.map((step) => {
      const state = states.get(step.id) as StepState
      const { seconds, peakMemoryBytes, summary } = state
      return { id: step.id, uses: step.stage.name, seconds, peakMemoryBytes, summary }
    }),
    recipe: await renderResolvedRecipe(recipe, steps),
  }
}

async function readCurve(step: ResolvedStep): Promise<TrainingCurve> {
  const text = await readFile(join(step.output, 'metrics.jsonl'), 'utf8')
  const lines = text.split('\n').filter((line) => line !== '')
  return { name: step.title, metrics: lines.map((line) => JSON.parse(line) as StepMetrics) }
}

function readScore(step: ResolvedStep, states: ReadonlyMap<string, StepState>): ModelScore {
  return { name: step.title, summary: states.get(step.id)?.summary as EvaluationSummary }
}

/** Every later model against every earlier one, over the problems that they share. */
async function compareAll(evaluations: readonly ResolvedStep[]): Promise<ModelComparison[]> {
  const comparisons: ModelComparison[] = []
  for (const [index, after] of evaluations.entries()) {
    for (const before of evaluations.slice(0, index)) {
      if (problemsOf(before) !== problemsOf(after)) continue
      const set = before.options.baseOnly || after.options.baseOnly ? 'base' : 'plus'
      const file = (step: ResolvedStep) => join(step.output, evaluationFiles.results)
      const comparison = await compareResults(file(before), file(after), set)
      comparisons.push({ before: before.title, after: after.title, comparison })
    }
  }
  return comparisons
}

function problemsOf({ options }: ResolvedStep): string {
  return benchmarkName(options as EvalOptions)
}

async function readFailures(
  step: ResolvedStep,
  dataFolders: readonly string[] | undefined,
): Promise<FailingSample[]> {
  const set = step.options.baseOnly ? 'base' : 'plus'
  const verdicts = (await readVerdicts(step.output)).filter((verdict) => !passes(verdict, set))
  const benchmark = await openBenchmark(step.options as EvalOptions, dataFolders)
  const prompts = new Map(benchmark.problems.map((problem) => [problem.taskId, problem.prompt]))
  return verdicts.map((verdict) => ({
    name: step.title,
    prompt: prompts.get(verdict.taskId) ?? '',
    verdict,
  }))
}

function describeVersions(version: string): Record<string, string> {
  const processors = cpus()
  return {
    reflectioncoder: version,
    'Node.js': process.version,
    system: `${process.platform} ${process.arch}`,
    processor: `${processors[0]?.model ?? 'unknown'}, ${processors.length} threads`,
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
  }
}
