import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
} from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { InputError, InterruptedError } from '../../core/index.ts'
import { unreadableFile } from './open-bytes.ts'
import type { DataRecord } from './read-json-lines.ts'
import type { ReadOptions } from './read-lines.ts'

/**
 * Reads the rows of a Parquet file as objects of JSON values, one row group in memory at a time.
 * 64-bit integers become numbers, or text where a number is not exact; times become ISO 8601 text.
 *
 * @throws `RC_FILE_NOT_READABLE` and `RC_BAD_PARQUET`.
 */
export async function* readParquet(
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<DataRecord> {
  const file = await asyncBufferFromFile(path).catch((error) =>
    Promise.reject(unreadableFile(path, error)),
  )
  const parse = <T>(work: Promise<T>) =>
    work.catch((error) => Promise.reject(badParquet(path, error)))
  const metadata: FileMetaData = await parse(parquetMetadataAsync(file))
  let rowStart = 0
  for (const group of metadata.row_groups) {
    if (options.signal?.aborted) throw new InterruptedError()
    const rowEnd = rowStart + Number(group.num_rows)
    const rows = await parse(parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd }))
    for (const [index, row] of rows.entries()) {
      yield { line: rowStart + index + 1, value: toJsonValue(row) }
    }
    rowStart = rowEnd
  }
}

function badParquet(path: string, cause: unknown): InputError {
  const { syscall } = cause as NodeJS.ErrnoException
  if (syscall !== undefined) return unreadableFile(path, cause)
  return new InputError(`${path}: not a Parquet file that can be read: ${String(cause)}`, {
    code: 'RC_BAD_PARQUET',
    hint: 'Fetch the file again, or convert it to JSON Lines.',
    cause,
  })
}

function toJsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  }
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(toJsonValue)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, toJsonValue(item)]),
  )
}
