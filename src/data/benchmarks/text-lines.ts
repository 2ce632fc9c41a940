import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { InputError } from '../../core/index.ts'
import { parsePythonJson } from './python-json.ts'

/** A whole text file, un-gzipped where its name ends in `.gz`. */
export interface TextFile {
  text: string
  /** MD5 of the un-gzipped bytes in lower-case hexadecimal: EvalPlus's data set hash. */
  md5: string
  /** SHA-256 of the un-gzipped bytes. */
  sha256: string
}

/** One non-blank line that holds a JSON object. */
export interface JsonLine {
  /** Line number, from 1, blank lines counted. */
  line: number
  text: string
  /** Parsed when it is first asked for. @throws InputError `RC_BAD_JSON_LINE` with file and line. */
  readonly record: Record<string, unknown>
}

/** Reads a file of moderate size whole. @throws InputError `RC_FILE_UNREADABLE`, `RC_BAD_GZIP`, `RC_BAD_UTF8`. */
export async function readTextFile(
  path: string,
  options: { keepByteOrderMark?: boolean } = {},
): Promise<TextFile> {
  const file = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is no such file' : String(cause.message)
    throw new InputError(`cannot read ${path}: ${why}`, { code: 'RC_FILE_UNREADABLE', cause })
  })
  const bytes = path.endsWith('.gz') ? unzip(path, file) : file
  try {
    const text = decode(bytes, options.keepByteOrderMark)
    return { text, md5: hashOf(bytes, 'md5'), sha256: hashOf(bytes, 'sha256') }
  } catch (cause) {
    throw new InputError(`${path} is not UTF-8 text`, { code: 'RC_BAD_UTF8', cause })
  }
}

function decode(bytes: Uint8Array, ignoreBOM = false): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM }).decode(bytes)
}

/** Digest of bytes or UTF-8 text in lower-case hexadecimal. */
export function hashOf(content: Uint8Array | string, algorithm: 'md5' | 'sha256'): string {
  return createHash(algorithm).update(content).digest('hex')
}

/** Splits JSONL text into its objects. */
export function* jsonLines(path: string, text: string): Generator<JsonLine> {
  let line = 0
  for (const raw of text.split('\n')) {
    line++
    if (raw.trim() === '') continue
    const number = line
    let record: Record<string, unknown> | undefined
    yield {
      line,
      text: raw,
      get record() {
        record ??= parseObject(path, number, raw)
        return record
      },
    }
  }
}

function parseObject(path: string, line: number, text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = parsePythonJson(text)
  } catch (cause) {
    throw new InputError(`${path}, line ${line}: not valid JSON (${(cause as Error).message})`, {
      code: 'RC_BAD_JSON_LINE',
      hint: 'Each line must hold one JSON object; check whether the file was cut off.',
      cause,
    })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  const arrived = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`
  throw new InputError(`${path}, line ${line}: expected a JSON object, got ${arrived}`, {
    code: 'RC_BAD_JSON_LINE',
  })
}

function unzip(path: string, bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes)
  } catch (cause) {
    throw new InputError(`${path} is not a whole gzip file`, { code: 'RC_BAD_GZIP', cause })
  }
}
