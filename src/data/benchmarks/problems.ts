import { InputError } from '../../core/index.ts'
import { parsePythonJson } from './python-json.ts'
import { rawMembers } from './raw-members.ts'
import { badField, createTaskRegister, textField } from './record-fields.ts'
import { type JsonLine, jsonLines } from './text-lines.ts'

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
 * Parses problems in EvalPlus's format.
 *
 * @param isKnown whether the text is of a file whose content was checked, so that inputs, which are
 * most of it, need no check; default false
 * @throws InputError naming file, line and field.
 */
export function parseProblems(path: string, text: string, isKnown = false): Problem[] {
  const problems: Problem[] = []
  const register = createTaskRegister(path)
  for (const entry of jsonLines(path, text)) {
    const problem = readProblem(path, entry, isKnown)
    register(problem.taskId, entry.line)
    problems.push(problem)
  }
  if (problems.length === 0) {
    throw new InputError(`${path} holds no problem`, { code: 'RC_NO_PROBLEMS' })
  }
  return problems
}

function readProblem(path: string, entry: JsonLine, isKnown: boolean): Problem {
  const { line } = entry
  const whole = isKnown ? undefined : entry.record
  const raw = rawMembers(entry.text)
  const record = whole ?? parseWithoutInputs(raw)
  const taskId = textField(path, line, record, 'task_id')
  const problem = {
    taskId,
    dataset: datasetOf(taskId),
    entryPoint: textField(path, line, record, 'entry_point'),
    prompt: textField(path, line, record, 'prompt'),
    canonicalSolution: textField(path, line, record, 'canonical_solution'),
    baseInput: inputText(raw.get('base_input')),
    plusInput: inputText(raw.get('plus_input')),
    tolerance: toleranceField(path, line, record),
  }
  if (whole !== undefined) checkInputs(path, line, whole)
  return problem
}

function parseWithoutInputs(raw: ReadonlyMap<string, string>): Record<string, unknown> {
  const others = [...raw].filter(([name]) => !inputFields.includes(name))
  return Object.fromEntries(others.map(([name, text]) => [name, parsePythonJson(text)]))
}

const inputFields: readonly string[] = ['base_input', 'plus_input']

function datasetOf(taskId: string): Dataset {
  if (taskId.startsWith('HumanEval/')) return 'humaneval'
  return taskId.startsWith('Mbpp/') ? 'mbpp' : 'other'
}

function checkInputs(path: string, line: number, record: Record<string, unknown>): void {
  for (const field of inputFields) {
    const value = record[field]
    if (value === undefined && field === 'plus_input') continue
    if (isEmptyObject(value)) continue
    if (!Array.isArray(value)) throw badField(path, line, field, 'a list of argument lists', value)
    const wrong = value.findIndex((each) => !Array.isArray(each))
    if (wrong < 0) continue
    throw badField(path, line, `${field}[${wrong}]`, 'an argument list', value[wrong])
  }
}

/** Mbpp/793 writes its missing inputs as an empty object. */
function inputText(raw = '[]'): string {
  return raw.startsWith('{') ? '[]' : raw
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
