import { describeValue } from '../dialog/index.ts'
import { decodeEntities } from './decode-entities.ts'
import type { Instruction, Turn } from './instruction.ts'

/** Names of the formats that `readInstructions` tells apart. */
export const instructionFormats = ['codefeedback', 'alpaca', 'chat', 'sharegpt', 'plain'] as const

export type InstructionFormat = (typeof instructionFormats)[number]

/** An instruction before it has an id; `used` names the keys that are not extra. */
export type ParsedInstruction = Omit<Instruction, 'id' | 'extra'> & { used: string[] }

type Fields = Record<string, unknown>

/** What is wrong with a field of a record; the reader adds file and line. */
export class FieldProblem extends Error {
  readonly field: string

  constructor(field: string, expected: string, got: unknown) {
    super(`expected ${expected}, got ${describeValue(got)}`)
    this.field = field
  }
}

/** One entry a format: the keys it is known by, in order of precedence, and how it is read. */
export const formats: Record<
  InstructionFormat,
  { keys: string[]; parse(fields: Fields): ParsedInstruction }
> = {
  codefeedback: { keys: ['query', 'answer'], parse: parseCodeFeedback },
  sharegpt: { keys: ['conversations'], parse: (fields) => parseChat(fields, shareGpt) },
  chat: { keys: ['messages'], parse: (fields) => parseChat(fields, openAi) },
  alpaca: { keys: ['instruction', 'output'], parse: parseAlpaca },
  plain: { keys: ['instruction'], parse: parsePlain },
}

/** The format whose keys a record has. */
export function detectFormat(fields: Fields): InstructionFormat | undefined {
  const names = Object.keys(formats) as InstructionFormat[]
  return names.find((name) => formats[name].keys.every((key) => key in fields))
}

/** CodeFeedback, normalised as for the published models; see `decodeEntities`. */
function parseCodeFeedback(fields: Fields): ParsedInstruction {
  const answer = decodeEntities(readText(fields, 'answer'))
    .replaceAll('\r\n', '\n')
    .replaceAll('\t', '    ')
  return {
    instruction: decodeEntities(readText(fields, 'query')),
    answer: stripBlanks(answer),
    used: ['query', 'answer'],
  }
}

/** Alpaca; a non-empty `input` follows the instruction after a blank line. */
function parseAlpaca(fields: Fields): ParsedInstruction {
  const input = readOptionalText(fields, 'input') ?? ''
  const instruction = readText(fields, 'instruction')
  return {
    instruction: input === '' ? instruction : `${instruction}\n\n${input}`,
    answer: readText(fields, 'output'),
    ...readTests(fields),
    used: ['instruction', 'input', 'output', ...testKeys],
  }
}

/** `{id, instruction, answer?, tests?, entryPoint?}`. */
function parsePlain(fields: Fields): ParsedInstruction {
  const answer = readOptionalText(fields, 'answer')
  return {
    instruction: readText(fields, 'instruction'),
    ...(answer === undefined ? {} : { answer }),
    ...readTests(fields),
    used: ['instruction', 'answer', ...testKeys],
  }
}

interface ChatKeys {
  list: string
  role: string
  text: string
}

const openAi: ChatKeys = { list: 'messages', role: 'role', text: 'content' }
const shareGpt: ChatKeys = { list: 'conversations', role: 'from', text: 'value' }

const chatRoles: Record<string, Turn['role'] | 'system'> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  human: 'user',
  assistant: 'assistant',
  gpt: 'assistant',
  chatgpt: 'assistant',
  bing: 'assistant',
  bard: 'assistant',
}

/**
 * A chat. System text is put before the first question; a question without an answer at the end is
 * left out, unless it is the only one.
 */
function parseChat(fields: Fields, keys: ChatKeys): ParsedInstruction {
  const turns = readTurns(fields, keys)
  const [question, reply] = turns
  if (question === undefined) throw new FieldProblem(keys.list, 'a question of the user', [])
  if (turns.length > 1 && turns.length % 2 === 1) turns.pop()
  return {
    instruction: question.text,
    ...(reply === undefined ? {} : { answer: reply.text }),
    ...(turns.length > 2 ? { turns } : {}),
    ...readTests(fields),
    used: [keys.list, ...testKeys],
  }
}

function readTurns(fields: Fields, keys: ChatKeys): Turn[] {
  const list = fields[keys.list]
  if (!Array.isArray(list)) throw new FieldProblem(keys.list, 'a list of messages', list)
  const turns: Turn[] = []
  const system: string[] = []
  for (const [index, item] of list.entries()) {
    const field = `${keys.list}[${index}]`
    if (typeof item !== 'object' || item === null) throw new FieldProblem(field, 'a message', item)
    const name: unknown = item[keys.role]
    const role = typeof name === 'string' ? chatRoles[name.toLowerCase()] : undefined
    const text = readContent(item[keys.text], `${field}.${keys.text}`)
    const due = turns.length % 2 === 0 ? 'user' : 'assistant'
    if (role === 'system' && turns.length === 0) system.push(text)
    else if (role === due) turns.push({ role, text })
    else throw new FieldProblem(`${field}.${keys.role}`, `a message of the ${due}`, name)
  }
  const [first] = turns
  if (first !== undefined) first.text = [...system, first.text].filter(Boolean).join('\n\n')
  return turns
}

/** Text, or a list of text parts as OpenAI writes them (`text`) or a dialog has them (`content`). */
function readContent(value: unknown, field: string): string {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) throw new FieldProblem(field, 'text', value)
  return value
    .map((part, index) => {
      const text: unknown = part?.text ?? part?.content
      if (part?.type === 'text' && typeof text === 'string') return text
      throw new FieldProblem(`${field}[${index}]`, 'a part of type "text"', part?.type ?? part)
    })
    .join('')
}

const testKeys = ['tests', 'entryPoint', 'entry_point']

function readTests(fields: Fields): Pick<Instruction, 'tests' | 'entryPoint'> {
  const list = fields.tests
  const tests = Array.isArray(list)
    ? list
        .map((test, index) => readText({ [`tests[${index}]`]: test }, `tests[${index}]`))
        .join('\n')
    : readOptionalText(fields, 'tests')
  const key = 'entryPoint' in fields ? 'entryPoint' : 'entry_point'
  const entryPoint = readOptionalText(fields, key)
  return {
    ...(tests === undefined ? {} : { tests }),
    ...(entryPoint === undefined ? {} : { entryPoint }),
  }
}

function readText(fields: Fields, key: string): string {
  const value = fields[key]
  if (typeof value !== 'string') throw new FieldProblem(key, 'text', value)
  return value
}

function readOptionalText(fields: Fields, key: string): string | undefined {
  return fields[key] === undefined || fields[key] === null ? undefined : readText(fields, key)
}

/** Takes off what Python's `str.strip` takes off. */
function stripBlanks(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && isPythonBlank(text[start] as string)) start += 1
  while (end > start && isPythonBlank(text[end - 1] as string)) end -= 1
  return text.slice(start, end)
}

const isPythonBlank = (character: string) =>
  (/\s/.test(character) && character !== '\ufeff') || '\x1c\x1d\x1e\x1f\x85'.includes(character)
