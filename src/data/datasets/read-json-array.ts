import { InputError, InterruptedError } from '../../core/index.ts'
import { findJsonFault } from './json-fault.ts'
import { openBytes } from './open-bytes.ts'
import type { DataRecord } from './read-json-lines.ts'
import type { ReadOptions } from './read-lines.ts'

/** Whether a file's name ends in `.json`, compressed or not, and its text begins with `[`. */
export async function isJsonArray(path: string): Promise<boolean> {
  if (!/\.json(\.gz|\.zstd?)?$/i.test(path)) return false
  for await (const text of decode(path)) {
    const [first] = text.trimStart()
    if (first !== undefined) return first === '['
  }
  return false
}

/**
 * Reads the elements of a file that is one JSON array, one element in memory at a time; `line` is
 * the element's number from 1.
 *
 * @throws `RC_BAD_JSON_ARRAY` with file, element, line, column and what is wrong;
 * `RC_LINE_TOO_LONG` for an element, and what `readLines` throws.
 */
export async function* readJsonArray(
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<DataRecord> {
  const { maximumLineBytes = 2 ** 28 } = options
  const splitter = createSplitter(maximumLineBytes)
  let number = 0
  for await (const text of decode(path)) {
    for (const element of splitter.push(text)) {
      if (options.signal?.aborted) throw new InterruptedError()
      number += 1
      const parsed = parseElement(element, path, number)
      if (parsed instanceof InputError) {
        if (options.onBroken === undefined) throw parsed
        options.onBroken(parsed)
      } else yield { line: number, value: parsed.value }
    }
    const { stuck } = splitter
    if (stuck !== undefined) throw badArray(path, number, splitter.at, stuck)
  }
  if (splitter.closed) return
  const problem = 'the file ends before the "]" of its array'
  throw badArray(path, number + 1, splitter.at, problem, 'Was the file cut off? Fetch it again.')
}

/** Where a piece of text begins, from 1. */
interface Place {
  line: number
  column: number
}

interface Element extends Place {
  text: string
}

/** Cuts the text of an array, in whatever pieces it comes, at the commas between its elements. */
function createSplitter(mostCharacters: number) {
  const at: Place = { line: 1, column: 0 }
  let depth = 0
  let inString = false
  let escaped = false
  let parts: string[] = []
  let held = 0
  let start: Place | undefined
  let elements = 0
  let closed = false
  let stuck: string | undefined

  const take = (last: string): Element => {
    const element = { text: [...parts, last].join(''), ...(start ?? at) }
    parts = []
    held = 0
    start = undefined
    elements += 1
    return element
  }

  function* push(text: string): Generator<Element> {
    let from = 0
    for (let index = 0; index < text.length && stuck === undefined; index++) {
      const code = text.charCodeAt(index)
      at.column += 1
      if (code === lineFeed) {
        at.line += 1
        at.column = 0
      }
      if (inString) {
        if (escaped) escaped = false
        else if (code === backslash) escaped = true
        else if (code === quote) inString = false
        continue
      }
      if (code <= space) continue
      if (closed) {
        stuck = 'expected nothing after the "]" of the array'
        return
      }
      if (depth === 0) {
        depth = 1
        from = index + 1
        continue
      }
      if (depth === 1 && (code === comma || code === closeBracket)) {
        closed = code === closeBracket
        // An empty array has no element.
        if (start !== undefined) yield take(text.slice(from, index))
        else if (!closed || elements > 0) yield take('')
        from = index + 1
        continue
      }
      if (start === undefined) {
        start = { ...at }
        from = index
      }
      if (code === quote) inString = true
      else if (code === openBracket || code === openBrace) depth += 1
      else if (code === closeBracket || code === closeBrace) depth -= 1
    }
    if (start === undefined) return
    parts.push(text.slice(from))
    held += text.length - from
    if (held > mostCharacters) stuck = `an element of more than ${mostCharacters} characters`
  }
  return {
    push,
    /** Where the last character stood. */
    at,
    get closed() {
      return closed
    },
    /** What keeps the rest from being read. */
    get stuck() {
      return stuck
    },
  }
}

function parseElement(
  { text, line, column }: Element,
  path: string,
  number: number,
): { value: unknown } | InputError {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    const found = findJsonFault(text) ?? { at: 0, problem: String(error) }
    const before = text.slice(0, found.at).split('\n')
    const last = before.at(-1)?.length ?? 0
    const place = {
      line: line + before.length - 1,
      column: before.length === 1 ? column + last : last + 1,
    }
    const problem = found.problem.replace('the end of the line', '"," or "]"')
    return badArray(path, number, place, problem, undefined, error)
  }
}

function badArray(
  path: string,
  number: number,
  { line, column }: Place,
  problem: string,
  hint = 'The file must be one JSON array, or hold one JSON value a line.',
  cause?: unknown,
): InputError {
  return new InputError(`${path}, element ${number}, line ${line}, column ${column}: ${problem}`, {
    code: 'RC_BAD_JSON_ARRAY',
    hint,
    cause,
  })
}

async function* decode(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let bytes = 0
  try {
    for await (const chunk of openBytes(path)) {
      yield decoder.decode(chunk, { stream: true })
      bytes += chunk.length
    }
    yield decoder.decode()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new InputError(`${path}: not UTF-8 behind byte ${bytes}`, {
      code: 'RC_NOT_UTF8',
      hint: 'Convert the file to UTF-8, for example with iconv -f LATIN1 -t UTF-8.',
      cause: error,
    })
  }
}

const lineFeed = 0x0a
const space = 0x20
const quote = 0x22
const comma = 0x2c
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d
