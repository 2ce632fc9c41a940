import { InputError } from '../../core/index.ts'
import { findJsonFault } from './json-fault.ts'
import { type ReadOptions, readLines } from './read-lines.ts'

/** One record and its line (Parquet: row; JSON array: element) from 1. */
export interface DataRecord {
  line: number
  value: unknown
}

/**
 * Reads JSON Lines in bounded memory, decompressed when the name ends in `.gz` or `.zst`. Blank
 * lines are skipped but counted.
 *
 * @throws `RC_BAD_JSON_LINE` with file, line, column and what is wrong, and what `readLines` throws.
 */
export async function* readJsonLines(
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<DataRecord> {
  for await (const { line, text } of readLines(path, options)) {
    if (text.trim() === '') continue
    const parsed = parseLine(text, path, line)
    if (parsed instanceof InputError) {
      if (options.onBroken === undefined) throw parsed
      options.onBroken(parsed)
    } else yield { line, value: parsed.value }
  }
}

function parseLine(text: string, path: string, line: number): { value: unknown } | InputError {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    const { at, problem } = findJsonFault(text) ?? { at: 0, problem: String(error) }
    return new InputError(`${path}, line ${line}, column ${at + 1}: ${problem}`, {
      code: 'RC_BAD_JSON_LINE',
      hint: hintFor(text, at, line),
      cause: error,
    })
  }
}

function hintFor(text: string, at: number, line: number): string {
  if (line === 1 && text.trimStart().startsWith('[')) return arrayHint
  if (/^(?:-?Infinity|NaN)/.test(text.slice(at, at + 10))) {
    return 'JSON has no NaN and no Infinity; write null, or leave the key out.'
  }
  if (at >= text.length) {
    return 'Each line must hold one whole JSON value; was the file cut off, or is it indented JSON?'
  }
  return 'Each line must hold one JSON value, as json.dumps or JSON.stringify write it.'
}

/** What to do with an array where one value a line was expected. */
export const arrayHint =
  "A JSON array is read from a file whose name ends in .json; or write its elements one a line: jq -c '.[]' FILE."
