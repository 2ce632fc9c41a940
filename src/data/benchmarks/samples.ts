import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '../../core/index.ts'
import { type JsonLine, jsonLines, readTextFile } from './text-lines.ts'

/** One program for one task. */
export interface Sample {
  taskId: string
  /** The whole program: a `solution`, or the prompt and a `completion`. */
  program: string
}

export interface SampleSet {
  /** Samples of known tasks, in the order of the problems, then of the input. */
  samples: Sample[]
  /** Ids of tasks that no problem has, with how many samples were skipped. */
  unknownTasks: { taskId: string; samples: number }[]
  /** Ids of tasks that have no sample. */
  missingTasks: string[]
  /** Ids of tasks with a sample that holds nothing but space. */
  emptyTasks: string[]
}

export interface ReadSamplesOptions {
  /** Accepts problems without samples. Default false. */
  allowPartial?: boolean
  /** The whole program of a completion; default the prompt and the completion. */
  complete?: (taskId: string, completion: string) => string
  /** Ids of the problems by the ids that samples may give them. Default as they are. */
  taskIdOf?: (id: unknown) => string
}

/** What samples need to know of a problem. */
interface PromptedProblem {
  taskId: string
  prompt: string
}

/**
 * Reads samples as EvalPlus does: a JSONL file (`.gz` too) of `task_id` with `solution` or
 * `completion`, or a folder `TASK_ID/N.py` with `/` in the id written `_`. Samples of unknown tasks
 * are skipped and reported.
 *
 * @throws InputError naming file, line and field; `RC_MISSING_TASKS`; `RC_WRONG_BENCHMARK` when not
 * one sample fits.
 */
export async function readSamples(
  path: string,
  problems: readonly PromptedProblem[],
  options: ReadSamplesOptions = {},
): Promise<SampleSet> {
  const prompts = new Map(problems.map((problem) => [problem.taskId, problem.prompt]))
  const read = (await isFolder(path))
    ? readFolder(path, prompts)
    : readLines(path, prompts, options)
  const byTask = new Map<string, Sample[]>()
  const unknown = new Map<string, number>()
  for await (const sample of read) {
    if (!prompts.has(sample.taskId)) {
      unknown.set(sample.taskId, (unknown.get(sample.taskId) ?? 0) + 1)
      continue
    }
    const others = byTask.get(sample.taskId)
    if (others === undefined) byTask.set(sample.taskId, [sample])
    else others.push(sample)
  }
  const missingTasks = problems.map(({ taskId }) => taskId).filter((id) => !byTask.has(id))
  checkCoverage(path, byTask.size, [...unknown.keys()], missingTasks, options)
  return {
    samples: problems.flatMap((problem) => byTask.get(problem.taskId) ?? []),
    unknownTasks: [...unknown].map(([taskId, samples]) => ({ taskId, samples })),
    missingTasks,
    emptyTasks: [...byTask]
      .filter(([, samples]) => samples.some(({ program }) => program.trim() === ''))
      .map(([taskId]) => taskId),
  }
}

async function* readLines(
  path: string,
  prompts: ReadonlyMap<string, string>,
  options: ReadSamplesOptions,
): AsyncGenerator<Sample> {
  const { text } = await readTextFile(path)
  for (const entry of jsonLines(path, text)) yield readSample(path, entry, prompts, options)
}

function readSample(
  path: string,
  { line, record }: JsonLine,
  prompts: ReadonlyMap<string, string>,
  { taskIdOf, complete }: ReadSamplesOptions,
): Sample {
  const fault = (field: string, expected: string, value: unknown) => {
    const arrived = value === undefined ? 'nothing' : (JSON.stringify(value) ?? '').slice(0, 60)
    return new InputError(
      `${path}, line ${line}, field ${field}: expected ${expected}, got ${arrived}`,
      {
        code: 'RC_BAD_SAMPLE',
        hint: 'A sample is {"task_id": …, "solution": …} or {"task_id": …, "completion": …}.',
      },
    )
  }
  const { solution, completion } = record
  const taskId = taskIdOf === undefined ? record.task_id : taskIdOf(record.task_id)
  if (typeof taskId !== 'string') throw fault('task_id', 'text', taskId)
  if (solution !== undefined && typeof solution !== 'string') {
    throw fault('solution', 'text', solution)
  }
  if (completion !== undefined && typeof completion !== 'string') {
    throw fault('completion', 'text', completion)
  }
  if (solution !== undefined) return { taskId, program: solution }
  if (completion === undefined) throw fault('solution', 'text (or a completion)', undefined)
  const prompt = prompts.get(taskId)
  if (prompt === undefined) return { taskId, program: completion }
  return { taskId, program: complete?.(taskId, completion) ?? prompt + completion }
}

/** Programs in `TASK_ID/N.py`, or another ending for another language. */
async function* readFolder(
  path: string,
  prompts: ReadonlyMap<string, string>,
): AsyncGenerator<Sample> {
  for (const task of (await readdir(path, { withFileTypes: true })).sort(byName)) {
    if (!task.isDirectory()) continue
    const taskId = prompts.has(task.name) ? task.name : task.name.replaceAll('_', '/')
    const files = (await readdir(join(path, task.name))).filter((name) => programFile.test(name))
    for (const file of files.sort(byNumber)) {
      const { text } = await readTextFile(join(path, task.name, file), { keepByteOrderMark: true })
      yield { taskId, program: text }
    }
  }
}

const programFile = /\.py$|^\d+\.\w+$/

function byNumber(a: string, b: string): number {
  return Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1)
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new InputError(`cannot read ${path}: ${cause.message}`, {
      code: 'RC_FILE_UNREADABLE',
      hint: 'Samples are a JSONL file or a folder.',
      cause,
    })
  })
  return found.isDirectory()
}

function checkCoverage(
  path: string,
  known: number,
  unknown: readonly string[],
  missing: readonly string[],
  options: ReadSamplesOptions,
): void {
  if (known === 0 && unknown.length === 0) {
    throw new InputError(`${path} holds no sample`, { code: 'RC_NO_SAMPLES' })
  }
  if (known === 0) {
    throw new InputError(
      `no sample of ${path} is for these problems: the samples are for ${someOf(unknown)}, the problems are ${someOf(missing)}`,
      { code: 'RC_WRONG_BENCHMARK', hint: 'Give the problems that the samples were written for.' },
    )
  }
  if (missing.length > 0 && options.allowPartial !== true) {
    throw new InputError(`${path} has no sample for ${someOf(missing)}`, {
      code: 'RC_MISSING_TASKS',
      hint: 'Give --allow-partial to judge the tasks that are there.',
    })
  }
}

function someOf(ids: readonly string[]): string {
  const shown = ids.slice(0, 3).join(', ')
  return ids.length > 3 ? `${shown} and ${ids.length - 3} more` : shown
}
