import { basename } from 'node:path'
import { InputError } from '../../core/index.ts'
import type { Instruction } from './instruction.ts'
import {
  detectFormat,
  FieldProblem,
  formats,
  type InstructionFormat,
  type ParsedInstruction,
} from './instruction-formats.ts'
import { arrayHint } from './read-json-lines.ts'
import { type ReadOptions, readLines } from './read-lines.ts'
import { readRecords } from './read-records.ts'

export interface InstructionOptions extends ReadOptions {
  /** How records are read; default: by the keys of each record. */
  format?: InstructionFormat
  /**
   * Names of the columns that hold these parts, for files of no known format, for example
   * `{ instruction: 'prompt', answer: 'completion' }`.
   */
  columns?: Partial<Record<InstructionColumn, string>>
  /** Stops after so many instructions; default: all. */
  limit?: number
}

export type InstructionColumn = 'id' | 'instruction' | 'answer' | 'tests' | 'entryPoint'

/**
 * Reads instructions in bounded memory: JSON Lines, a JSON array (`.json`), both also with `.gz` or
 * `.zst`, or Parquet of CodeFeedback
 * (`query`, `answer`), Alpaca (`instruction`, `input`, `output`), chats of OpenAI (`messages`) or
 * ShareGPT (`conversations`), or `instruction` with `id`, `answer`, `tests` and `entryPoint` as
 * there are; in a `.txt` file each line that is not blank is an instruction.
 *
 * @throws `RC_BAD_INSTRUCTION` naming file, line and field, and what the readers of files throw.
 */
export async function* readInstructions(
  path: string,
  options: InstructionOptions = {},
): AsyncGenerator<Instruction> {
  const { limit = Number.POSITIVE_INFINITY } = options
  let count = 0
  if (limit <= 0) return
  for await (const { line, value } of readSource(path, options)) {
    const instruction = tryRecord(value, path, line, options)
    if (instruction === undefined) continue
    yield instruction
    count += 1
    if (count >= limit) return
  }
}

async function* readSource(path: string, options: ReadOptions) {
  if (!/\.txt(\.gz|\.zstd?)?$/i.test(path)) return yield* readRecords(path, options)
  for await (const { line, text } of readLines(path, options)) {
    if (text.trim() !== '') yield { line, value: { instruction: text.trim() } }
  }
}

function tryRecord(
  value: unknown,
  path: string,
  line: number,
  options: InstructionOptions,
): Instruction | undefined {
  try {
    return parseRecord(value, path, line, options)
  } catch (error) {
    if (options.onBroken === undefined || !(error instanceof InputError)) throw error
    options.onBroken(error)
    return undefined
  }
}

function parseRecord(
  value: unknown,
  path: string,
  line: number,
  options: InstructionOptions,
): Instruction {
  const given = readFields(value, path, line)
  refuseMissingColumn(given, path, line, options.columns)
  const fields = renameColumns(given, options.columns)
  const format = options.format ?? chooseFormat(fields, options.columns)
  if (format === undefined) throw unknownFormat(path, line, fields)
  const { used, ...parsed } = parseFields(fields, format, path, line, options.columns)
  if (parsed.instruction.trim() === '') {
    throw badInstruction(path, line, 'instruction', 'expected text, got only blanks')
  }
  const extra = { ...fields }
  for (const key of [...used, ...idKeys]) delete extra[key]
  return { id: readId(fields) ?? `${stemOf(path)}-${line}`, ...parsed, extra }
}

/** A named column is what is read, whatever other keys a record has. */
function chooseFormat(
  fields: Record<string, unknown>,
  columns: InstructionOptions['columns'] = {},
): InstructionFormat | undefined {
  const detected = detectFormat(fields)
  return columns.instruction === undefined || detected === 'alpaca' ? detected : 'plain'
}

function readFields(value: unknown, path: string, line: number): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  const { message } = new FieldProblem('record', 'an object', value)
  throw badInstruction(path, line, 'record', message, Array.isArray(value) ? arrayHint : undefined)
}

/** Other parts may be absent; the instruction that was named must be there. */
function refuseMissingColumn(
  given: Record<string, unknown>,
  path: string,
  line: number,
  { instruction: column }: NonNullable<InstructionOptions['columns']> = {},
): void {
  if (column === undefined || column in given) return
  const problem = `expected text, got nothing; the columns are ${listKeys(given)}`
  throw badInstruction(path, line, `column ${column}`, problem)
}

function parseFields(
  fields: Record<string, unknown>,
  format: InstructionFormat,
  path: string,
  line: number,
  columns: InstructionOptions['columns'] = {},
): ParsedInstruction {
  try {
    return formats[format].parse(fields)
  } catch (error) {
    if (!(error instanceof FieldProblem)) throw error
    const column = columns[error.field as InstructionColumn]
    const field = column === undefined ? error.field : `column ${column}`
    throw badInstruction(path, line, field, error.message)
  }
}

function renameColumns(
  fields: Record<string, unknown>,
  columns: InstructionOptions['columns'] = {},
): Record<string, unknown> {
  const renamed = { ...fields }
  for (const [name, column] of Object.entries(columns)) {
    if (column === undefined || column === name) continue
    delete renamed[column]
    renamed[name] = fields[column]
  }
  return renamed
}

const idKeys = ['id', 'task_id', 'taskId']

function readId(fields: Record<string, unknown>): string | undefined {
  const id = idKeys.map((key) => fields[key]).find((value) => value !== undefined && value !== null)
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined
}

function stemOf(path: string): string {
  return basename(path).replace(/\.[^.]*(\.gz|\.zstd?)?$/i, '')
}

function unknownFormat(path: string, line: number, fields: Record<string, unknown>): InputError {
  const problem = `expected the keys of a known format, got ${listKeys(fields)}`
  return badInstruction(path, line, 'record', problem)
}

function listKeys(fields: Record<string, unknown>): string {
  const keys = Object.keys(fields).map((key) => JSON.stringify(key))
  const more = keys.length > mostKeysShown ? `, … (${keys.length})` : ''
  return `${keys.slice(0, mostKeysShown).join(', ') || 'none'}${more}`
}

const mostKeysShown = 24

function badInstruction(
  path: string,
  line: number,
  field: string,
  problem: string,
  hint = 'A record has "query" and "answer", "instruction" (with "output" or "tests"), "messages" or "conversations"; columns of other names can be given by name.',
): InputError {
  return new InputError(`${path}, line ${line}, ${field}: ${problem}`, {
    code: 'RC_BAD_INSTRUCTION',
    hint,
  })
}
