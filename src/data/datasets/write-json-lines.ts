import { gzipSync } from 'node:zlib'
import { createAtomicWriter, InputError } from '../../core/index.ts'
import { compressionOf } from './open-bytes.ts'

/** Records on their way into a file that appears, whole, at `commit`. */
export interface JsonLinesWriter {
  write(value: unknown): Promise<void>
  /** Writes what is left and gives the file its name. */
  commit(): Promise<void>
  /** Removes what was written; safe to call after `commit`. */
  discard(): Promise<void>
}

/** Characters gathered before they are written. */
const bufferLength = 2 ** 20

/**
 * Opens a JSON Lines file for writing, gzip-compressed when its name ends in `.gz`; equal records
 * give equal bytes.
 *
 * @throws `RC_UNSUPPORTED_OUTPUT` for a name that ends in `.zst` or `.parquet`.
 */
export async function createJsonLinesWriter(path: string): Promise<JsonLinesWriter> {
  const compression = compressionOf(path)
  if (compression === 'zstd' || /\.parquet$/i.test(path)) {
    throw new InputError(`cannot write ${path}: expected a name that ends in .jsonl or .jsonl.gz`, {
      code: 'RC_UNSUPPORTED_OUTPUT',
      hint: 'Write JSON Lines and compress or convert the file afterwards.',
    })
  }
  const file = await createAtomicWriter(path)
  let lines: string[] = []
  let length = 0
  const flush = async () => {
    if (lines.length === 0) return
    const text = lines.join('')
    lines = []
    length = 0
    await file.write(compression === 'gzip' ? gzipSync(text) : text)
  }
  return {
    async write(value) {
      const line = JSON.stringify(value)
      if (line === undefined) throw new TypeError(`no JSON for a ${typeof value}`)
      lines.push(`${line}\n`)
      length += line.length
      if (length >= bufferLength) await flush()
    },
    async commit() {
      await flush()
      await file.commit()
    },
    discard: () => file.discard(),
  }
}
