import { type Dialog, validateDialog } from '../dialog/index.ts'
import { isJsonArray, readJsonArray } from './read-json-array.ts'
import { type DataRecord, readJsonLines } from './read-json-lines.ts'
import type { ReadOptions } from './read-lines.ts'
import { readParquet } from './read-parquet.ts'

/**
 * Records of a Parquet file or of a JSON array (by their endings `.parquet` and `.json`), or of JSON
 * Lines, plain or compressed.
 */
export async function* readRecords(
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<DataRecord> {
  if (/\.parquet$/i.test(path)) yield* readParquet(path, options)
  else if (await isJsonArray(path)) yield* readJsonArray(path, options)
  else yield* readJsonLines(path, options)
}

/** A dialog and its line (Parquet: row; JSON array: element) from 1. */
export interface DialogRecord {
  line: number
  dialog: Dialog
}

/**
 * Reads the dialogs of a file in bounded memory, each one validated.
 *
 * @throws `RC_BAD_DIALOG` at the first record that is no dialog, and what `readRecords` throws.
 */
export async function* readDialogs(
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<DialogRecord> {
  for await (const { line, value } of readRecords(path, options)) {
    yield { line, dialog: validateDialog(value, { file: path, line }) }
  }
}
