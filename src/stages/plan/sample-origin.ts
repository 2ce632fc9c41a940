/** Where a sample of a plan came from. */
export interface SampleOrigin {
  /** File of dialogs, as given in the options. */
  readonly file: string
  /** Line (Parquet: row) from 1. */
  readonly line: number
  /** The dialog's own `id`, where it has one. */
  readonly id?: string | number
}

/** A sample as messages name it: by its id, where it has one, and by its place. */
export function formatOrigin({ file, line, id }: SampleOrigin): string {
  return id === undefined ? `line ${line} of ${file}` : `${id} (line ${line} of ${file})`
}
