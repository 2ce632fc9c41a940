import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Decompress } from 'fzstd'
import { InputError } from '../../core/index.ts'

/** What a file's name says about its compression. */
export type Compression = 'gzip' | 'zstd' | 'none'

/** `gzip` for `.gz`, `zstd` for `.zst` or `.zstd`, whatever the case. */
export function compressionOf(path: string): Compression {
  if (/\.gz$/i.test(path)) return 'gzip'
  return /\.zstd?$/i.test(path) ? 'zstd' : 'none'
}

/** Streams a file's bytes, decompressed by its name's ending; reads only as fast as it is asked. */
export async function* openBytes(path: string): AsyncGenerator<Uint8Array> {
  const source = createReadStream(path, { highWaterMark: readBytes })
  const compression = compressionOf(path)
  try {
    if (compression === 'none') yield* source
    else if (compression === 'zstd') yield* decompressZstd(source)
    else yield* pipeline(source, createGunzip(), () => {})
  } catch (error) {
    throw explainReadError(path, compression, error)
  } finally {
    source.destroy()
  }
}

/** An error of the file system or of decompression as one that the user understands. */
function explainReadError(path: string, compression: Compression, cause: unknown): unknown {
  const { code, syscall } = cause as NodeJS.ErrnoException
  if (syscall !== undefined) return unreadableFile(path, cause)
  if (compression === 'none') return cause
  const truncated = code === 'Z_BUF_ERROR' || /EOF/.test(String(cause))
  const problem = truncated ? 'the file ends too early' : String((cause as Error).message)
  return new InputError(`${path}: cannot be decompressed as ${compression}: ${problem}`, {
    code: 'RC_BAD_COMPRESSION',
    hint: 'Fetch the file again; if it is not compressed, take the ending off its name.',
    cause,
  })
}

/** A file that cannot be opened or read. */
export function unreadableFile(path: string, cause: unknown): InputError {
  const { code } = cause as NodeJS.ErrnoException
  const reason = code === undefined ? String(cause) : (reasons[code] ?? `the system says ${code}`)
  return new InputError(`cannot read ${path}: ${reason}`, {
    code: 'RC_FILE_NOT_READABLE',
    hint: 'Check the path and the permissions.',
    cause,
  })
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder, expected a file',
  EACCES: 'you may not read it',
}

const readBytes = 2 ** 16

/** Input a push, small because what one push yields cannot be held back. */
const zstdPushBytes = 2 ** 14

async function* decompressZstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = []
  const stream = new Decompress((chunk) => {
    if (chunk.length > 0) ready.push(chunk)
  })
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += zstdPushBytes) {
      stream.push(chunk.subarray(start, start + zstdPushBytes))
      yield* ready.splice(0)
    }
  }
  stream.push(new Uint8Array(0), true)
  yield* ready.splice(0)
}
