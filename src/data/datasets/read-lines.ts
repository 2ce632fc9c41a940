import { InputError, InterruptedError } from '../../core/index.ts'
import { openBytes } from './open-bytes.ts'

export interface ReadOptions {
  signal?: AbortSignal
  /** The longest line that is accepted; default 256 MiB, below what a JavaScript string can hold. */
  maximumLineBytes?: number
  /** Sees the fault of a record that cannot be read, which is then passed over; default: it is thrown. */
  onBroken?: (error: InputError) => void
}

/** One line of a file, from 1, without its line end. */
export interface Line {
  line: number
  text: string
}

/**
 * Reads a UTF-8 file line by line in bounded memory, decompressed when its name ends in `.gz` or
 * `.zst`. Line ends are LF or CRLF; a byte order mark at the beginning is skipped.
 *
 * @throws `RC_FILE_NOT_READABLE`, `RC_BAD_COMPRESSION`, `RC_NOT_UTF8` and `RC_LINE_TOO_LONG`.
 */
export async function* readLines(path: string, options: ReadOptions = {}): AsyncGenerator<Line> {
  const { maximumLineBytes = 2 ** 28 } = options
  let line = 0
  for await (const bytes of splitLines(openBytes(path), path, maximumLineBytes)) {
    if (options.signal?.aborted) throw new InterruptedError()
    line += 1
    yield { line, text: decodeLine(bytes, path, line) }
  }
}

async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  maximumLineBytes: number,
): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = []
  let held = 0
  let line = 1
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      const last = chunk.subarray(start, end)
      yield parts.length === 0 ? last : Buffer.concat([...parts, last])
      parts = []
      held = 0
      line += 1
      start = end + 1
    }
    if (start === chunk.length) continue
    parts.push(chunk.subarray(start))
    held += chunk.length - start
    if (held > maximumLineBytes) throw lineTooLong(path, line, maximumLineBytes)
  }
  if (parts.length > 0) yield Buffer.concat(parts)
}

function decodeLine(bytes: Uint8Array, path: string, line: number): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: line > 1 })
  const end = bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length
  try {
    return decoder.decode(bytes.subarray(0, end))
  } catch (error) {
    throw notUtf8(path, line, bytes, error)
  }
}

const lineFeed = 0x0a
const carriageReturn = 0x0d

function lineTooLong(path: string, line: number, maximumLineBytes: number): InputError {
  return new InputError(
    `${path}, line ${line}: longer than ${maximumLineBytes / 2 ** 20} MiB without a line end`,
    {
      code: 'RC_LINE_TOO_LONG',
      hint: 'The file should hold one record a line (JSON Lines); a single JSON array does not.',
    },
  )
}

function notUtf8(path: string, line: number, bytes: Uint8Array, cause: unknown): InputError {
  const at = findInvalidByte(bytes)
  const shown = bytes[at]?.toString(16).padStart(2, '0')
  const wide = line === 1 && (bytes[0] === 0xff || bytes[0] === 0xfe)
  return new InputError(`${path}, line ${line}, byte ${at + 1}: not UTF-8 (0x${shown})`, {
    code: 'RC_NOT_UTF8',
    hint: wide
      ? 'The file looks like UTF-16; convert it: iconv -f UTF-16 -t UTF-8.'
      : 'Convert the file to UTF-8, for example with iconv -f LATIN1 -t UTF-8; a compressed file needs the ending .gz or .zst.',
    cause,
  })
}

/** Index of the first byte that is no part of valid UTF-8, by bisection over prefixes. */
function findInvalidByte(bytes: Uint8Array): number {
  let valid = 0
  let invalid = bytes.length + 1
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1
    if (decodePrefix(bytes, middle) !== undefined) valid = middle
    else invalid = middle
  }
  return Buffer.byteLength(decodePrefix(bytes, valid) ?? '')
}

/** The whole characters of a prefix; `undefined` when it is invalid whatever may follow. */
function decodePrefix(bytes: Uint8Array, length: number): string | undefined {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try {
    return decoder.decode(bytes.subarray(0, length), { stream: true })
  } catch {
    return undefined
  }
}
