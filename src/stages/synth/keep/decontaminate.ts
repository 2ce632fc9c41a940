import { fileURLToPath } from 'node:url'
import { type Benchmark, parsePythonJson, readBenchmark } from '../../../data/benchmarks/index.ts'
import {
  type Dialog,
  getFinalAnswer,
  getFinalInstruction,
  joinBlocks,
} from '../../../data/dialog/index.ts'
import type { Host, Sandbox } from '../../../sandbox/index.ts'
import type { SynthOptions } from '../options.ts'
import { findFences } from '../teachers/find-fences.ts'
import type { Drop } from './drop-reason.ts'
import { createGramIndex, type GramIndex } from './shared-grams.ts'

/** Finds samples that hold a benchmark's tasks. */
export interface Decontamination {
  check(dialog: Dialog): Promise<Drop | undefined>
  dispose(): Promise<void>
}

/** Code repeats itself more than prose: runs of it count from twice the length. */
const codeFactor = 2

/**
 * Reads the benchmarks: a sample is contaminated when its question or final code shares a run of
 * words with a task or its reference, or when a function of its code answers a task's own inputs
 * (and those of EvalPlus) as the reference does.
 */
export async function openDecontamination(
  { decontaminate, data, gram }: Pick<SynthOptions, 'decontaminate' | 'data' | 'gram'>,
  sandbox: Sandbox,
  dataFolders: readonly string[] = [],
): Promise<Decontamination | undefined> {
  if (decontaminate.length === 0) return undefined
  const places = { data: data === undefined ? dataFolders : [data] }
  const benchmarks = await Promise.all(decontaminate.map((name) => readBenchmark(name, places)))
  const index = createGramIndex()
  for (const benchmark of benchmarks) addGrams(index, benchmark, gram)
  const host = openMatchHost(benchmarks, sandbox)
  return {
    async check(dialog) {
      const question = joinBlocks(getFinalInstruction(dialog))
      const answer = joinBlocks(getFinalAnswer(dialog))
      const shared = index.find(question) ?? index.find(answer)
      if (shared !== undefined) return { reason: 'benchmark-text', detail: shared }
      const code = findFences(answer)[0]?.code
      if (host === undefined || code === undefined) return undefined
      const { lines } = await host.call({ code }, { cpuMs: 20_000 })
      const [solved] = lines
      if (solved === undefined) return undefined
      return { reason: 'benchmark-solution', detail: String(JSON.parse(solved)) }
    },
    dispose: async () => host?.dispose(),
  }
}

function addGrams(index: GramIndex, benchmark: Benchmark, gram: number): void {
  for (const problem of benchmark.problems) {
    const { taskId } = problem
    if ('question' in problem) index.add(taskId, problem.question, gram)
    else index.add(taskId, proseOf(problem.prompt), gram)
    if ('canonicalSolution' in problem) {
      index.add(taskId, problem.canonicalSolution, gram * codeFactor)
    }
  }
}

/** The docstring or comments of a prompt; examples in it are left out. */
function proseOf(prompt: string): string {
  const docstring = /("""|''')([\s\S]*?)\1/.exec(prompt)?.[2]
  const comments = [...prompt.matchAll(/^\s*(?:#|\/\/|\/\*\*?|\*)\s?(.*)$/gm)].map(
    ([, line]) => line,
  )
  return (docstring ?? comments.join('\n')).split(/^\s*>>>/m)[0] ?? ''
}

/** A host for the benchmarks of Python functions; undefined when there are none. */
function openMatchHost(benchmarks: readonly Benchmark[], sandbox: Sandbox): Host | undefined {
  const problems = benchmarks.flatMap((benchmark) =>
    benchmark.kind === 'functions'
      ? benchmark.problems.map(
          ({ taskId, entryPoint, prompt, canonicalSolution, baseInput, plusInput }) => ({
            taskId,
            entryPoint,
            reference: prompt + canonicalSolution,
            baseInput,
            plusInput: firstInputs(plusInput),
          }),
        )
      : [],
  )
  if (problems.length === 0) return undefined
  const module = fileURLToPath(new URL('./benchmark_match.py', import.meta.url))
  return sandbox.host({ module, setup: { problems }, workers: 2 })
}

/** Extra inputs run to many megabytes; a few hundred thousand characters of them are enough. */
function firstInputs(json: string): string {
  if (json.length < 200_000) return json
  const inputs = parsePythonJson(json)
  if (!Array.isArray(inputs)) return '[]'
  const step = Math.ceil(json.length / 200_000)
  return JSON.stringify(inputs.filter((_, index) => index % step === 0))
}
