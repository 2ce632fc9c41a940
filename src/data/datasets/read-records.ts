import { type Dialog, validateDialog } from '../dialog/index.ts'
import { type DataRecord, readJsonLines } from './read-json-lines.ts'
import type { ReadOptions } from './read-lines.ts'
import { readParquet } from './read-parquet.ts'

/** Records of a Parquet file (by its ending) or of JSON Lines, plain or compressed. */
export function readRecords(path: string, options: ReadOptions = {}): AsyncGenerator<DataRecord> {
  return /\.parquet$/i.test(path) ? readParquet(path, options) : readJsonLines(path, options)
}

/** A dialog and its line (Parquet: row) from 1. */
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
