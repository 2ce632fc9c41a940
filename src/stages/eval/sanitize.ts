import { mkdir, readFile, rm, stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join, parse } from 'node:path'
import {
  parseOptions,
  pathExists,
  refuseExistingOutput,
  silentProgress,
  writeFileAtomic,
} from '../../core/index.ts'
import {
  type Problem,
  readProblems,
  readSamples,
  type Sample,
} from '../../data/benchmarks/index.ts'
import { createSandbox, type Sandbox } from '../../sandbox/index.ts'
import type { EvaluationContext } from './evaluate.ts'
import { runParallel } from './run-parallel.ts'
import { type SanitizeOptions, sanitizeOptionsSchema } from './sanitize-options.ts'

export interface SanitizeSummary {
  out: string
  samples: number
  /** Samples whose text changed. */
  changed: number
  unknownTasks: { taskId: string; samples: number }[]
  /** Samples that the sanitizer failed at, which are kept as they were. */
  failed: number
}

/**
 * Turns the output of a model into clean programs, with the results of EvalPlus's sanitizer:
 * imports, and the definitions that the entry point needs.
 *
 * @throws InputError for samples and problems that cannot be used, `RC_OUTPUT_EXISTS`.
 */
export async function sanitizeSamples(
  input: unknown,
  context: EvaluationContext = {},
): Promise<SanitizeSummary> {
  const options = parseOptions(sanitizeOptionsSchema, input)
  const out = options.out ?? sanitizedName(options.samples)
  await prepareOutput(out, options)
  const problems = await readAll(options, context.dataFolders ?? [])
  const prompts = new Map(problems.map((problem) => [problem.taskId, problem.prompt]))
  const { samples, unknownTasks } = await readSamples(options.samples, problems, {
    allowPartial: true,
    complete: (taskId, completion) => `${prompts.get(taskId)}\n${completion}`,
  })
  const programs = await sanitizeAll(samples, problems, options, context)
  const isFolder = (await stat(options.samples)).isDirectory()
  await (isFolder ? writeFolder(out, samples, programs) : writeLines(out, samples, programs))
  return {
    out,
    samples: samples.length,
    changed: samples.filter(({ program }, index) => programs[index] !== program).length,
    unknownTasks,
    failed: programs.filter((program) => program === undefined).length,
  }
}

async function readAll(
  { benchmarks, data }: SanitizeOptions,
  dataFolders: readonly string[],
): Promise<Problem[]> {
  const files = await Promise.all(
    benchmarks.map((name) => readProblems(name, { data: data ?? dataFolders })),
  )
  return files.flatMap((file) => file.problems)
}

/** Texts of nobody's trust are parsed in the sandbox; undefined where that failed. */
async function sanitizeAll(
  samples: readonly Sample[],
  problems: readonly Problem[],
  options: SanitizeOptions,
  context: EvaluationContext,
): Promise<(string | undefined)[]> {
  const entryPoints = new Map(problems.map(({ taskId, entryPoint }) => [taskId, entryPoint]))
  const orders = samples.map(({ taskId, program }) => [program, entryPoints.get(taskId) ?? null])
  const results: (string | undefined)[] = samples.map(() => undefined)
  const progress = (context.progress ?? silentProgress).start('sanitizing', samples.length)
  const workers = options.workers ?? availableParallelism()
  const sandbox = await createSandbox({ workers })
  const source = await readFile(new URL('./sanitizer/sanitizer.py', import.meta.url), 'utf8')
  let done = 0
  const work = async ([start, end]: [number, number]) => {
    const part = await runSanitizer(sandbox, source, orders.slice(start, end))
    // One text that is too much for the parser must not take the others with it.
    if (part === undefined && end - start > 1) {
      for (let index = start; index < end; index++) {
        const single = await runSanitizer(sandbox, source, orders.slice(index, index + 1))
        results[index] = single?.[0]
      }
    } else for (const [index, text] of (part ?? []).entries()) results[start + index] = text
    done += end - start
    progress.update(done)
  }
  try {
    await runParallel(splitRange(samples.length, TEXTS_OF_RUN), workers, work, context.signal)
  } finally {
    await sandbox.dispose()
  }
  progress.finish()
  return results
}

const TEXTS_OF_RUN = 20

async function runSanitizer(
  sandbox: Sandbox,
  source: string,
  orders: readonly unknown[],
): Promise<string[] | undefined> {
  const { outcome, stdout } = await sandbox.run(
    { language: 'python', source, stdin: JSON.stringify(orders) },
    { chargedMs: 120_000, outputBytes: 2 ** 28 },
  )
  return outcome === 'ok' ? (JSON.parse(stdout) as string[]) : undefined
}

function splitRange(count: number, size: number): [number, number][] {
  return Array.from({ length: Math.ceil(count / size) }, (_, part) => [
    part * size,
    Math.min(count, (part + 1) * size),
  ])
}

function writeLines(
  out: string,
  samples: readonly Sample[],
  programs: readonly (string | undefined)[],
): Promise<void> {
  const lines = samples.map(({ taskId, program }, index) =>
    JSON.stringify({ task_id: taskId, solution: programs[index] ?? program }),
  )
  return writeFileAtomic(out, lines.map((line) => `${line}\n`).join(''))
}

async function writeFolder(
  out: string,
  samples: readonly Sample[],
  programs: readonly (string | undefined)[],
): Promise<void> {
  const counts = new Map<string, number>()
  for (const [index, { taskId, program }] of samples.entries()) {
    const number = counts.get(taskId) ?? 0
    counts.set(taskId, number + 1)
    const folder = join(out, taskId.replaceAll('/', '_'))
    await mkdir(folder, { recursive: true })
    await writeFileAtomic(join(folder, `${number}.py`), programs[index] ?? program)
  }
}

async function prepareOutput(out: string, { overwrite }: SanitizeOptions): Promise<void> {
  if (overwrite) return rm(out, { recursive: true, force: true })
  if (await pathExists(out)) throw refuseExistingOutput(out)
}

/** `name-sanitized.jsonl`, or `name-sanitized` for a folder. */
function sanitizedName(samples: string): string {
  const { dir, name, ext } = parse(samples)
  return join(dir, `${name}-sanitized${ext}`)
}
