import { InputError } from '../../core/index.ts'
import { resolveProblemFile } from './benchmark-names.ts'
import { rawMembers } from './raw-members.ts'
import { type JsonLine, jsonLines, readTextFile } from './text-lines.ts'

/** Which special rules judge a problem; told by the prefix of its task id. */
export type Dataset = 'humaneval' | 'mbpp' | 'other'

/** One problem in EvalPlus's format. */
export interface Problem {
  /** Such as `HumanEval/0`. */
  taskId: string
  dataset: Dataset
  entryPoint: string
  /** Head and docstring of the function, or a module docstring (MBPP+). */
  prompt: string
  /** The reference program is `prompt + canonicalSolution`. */
  canonicalSolution: string
  /** Raw JSON text of a list of argument lists, every digit kept. */
  baseInput: string
  /** Like `baseInput`, the extra inputs. */
  plusInput: string
  /** Absolute tolerance of comparisons, 0 where results must be equal. */
  tolerance: number
}

export interface ProblemFile {
  path: string
  /** MD5 of the un-gzipped file, as EvalPlus names data sets. */
  hash: string
  problems: Problem[]
}

/**
 * Reads problems from a JSONL file (`.gz` too), or by benchmark name from a data folder.
 *
 * @throws InputError naming file, line and field.
 */
export async function readProblems(nameOrPath: string, dataFolder?: string): Promise<ProblemFile> {
  const path = await resolveProblemFile(nameOrPath, dataFolder)
  const file = await readTextFile(path)
  const problems: Problem[] = []
  const lineOf = new Map<string, number>()
  for (const entry of jsonLines(path, file.text)) {
    const problem = readProblem(path, entry)
    const before = lineOf.get(problem.taskId)
    if (before !== undefined) {
      throw new InputError(
        `${path}, line ${entry.line}: task ${problem.taskId} is on line ${before} already`,
        { code: 'RC_DUPLICATE_TASK' },
      )
    }
    lineOf.set(problem.taskId, entry.line)
    problems.push(problem)
  }
  if (problems.length === 0) {
    throw new InputError(`${path} holds no problem`, { code: 'RC_NO_PROBLEMS' })
  }
  return { path, hash: file.md5, problems }
}

function readProblem(path: string, { line, text, record }: JsonLine): Problem {
  const raw = rawMembers(text)
  const taskId = stringField(path, line, record, 'task_id')
  return {
    taskId,
    dataset: datasetOf(taskId),
    entryPoint: stringField(path, line, record, 'entry_point'),
    prompt: stringField(path, line, record, 'prompt'),
    canonicalSolution: stringField(path, line, record, 'canonical_solution'),
    baseInput: inputField(path, line, record, raw, 'base_input', true),
    plusInput: inputField(path, line, record, raw, 'plus_input', false),
    tolerance: toleranceField(path, line, record),
  }
}

function datasetOf(taskId: string): Dataset {
  if (taskId.startsWith('HumanEval/')) return 'humaneval'
  return taskId.startsWith('Mbpp/') ? 'mbpp' : 'other'
}

function stringField(
  path: string,
  line: number,
  record: Record<string, unknown>,
  field: string,
): string {
  const value = record[field]
  if (typeof value === 'string') return value
  throw badField(path, line, field, 'text', value)
}

function inputField(
  path: string,
  line: number,
  record: Record<string, unknown>,
  raw: Map<string, string>,
  field: string,
  required: boolean,
): string {
  const value = record[field]
  if (value === undefined && !required) return '[]'
  if (isEmptyObject(value)) return '[]' // Mbpp/793 writes its missing inputs so
  if (!Array.isArray(value)) throw badField(path, line, field, 'a list of argument lists', value)
  const wrong = value.findIndex((each) => !Array.isArray(each))
  if (wrong >= 0) throw badField(path, line, `${field}[${wrong}]`, 'an argument list', value[wrong])
  return raw.get(field) ?? '[]'
}

function toleranceField(path: string, line: number, record: Record<string, unknown>): number {
  const value = record.atol ?? 0
  if (typeof value === 'number' && value >= 0) return value
  throw badField(path, line, 'atol', 'a number of at least 0', value)
}

function isEmptyObject(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length === 0
  )
}

function badField(
  path: string,
  line: number,
  field: string,
  expected: string,
  value: unknown,
): InputError {
  const arrived = value === undefined ? 'nothing' : (JSON.stringify(value) ?? '').slice(0, 60)
  return new InputError(
    `${path}, line ${line}, field ${field}: expected ${expected}, got ${arrived}`,
    {
      code: 'RC_BAD_PROBLEM',
      hint: 'Problem files are JSONL in the format of EvalPlus: task_id, prompt, entry_point, canonical_solution, base_input, plus_input, atol.',
    },
  )
}
