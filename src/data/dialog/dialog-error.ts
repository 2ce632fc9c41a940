import { InputError } from '../../core/index.ts'

/** Where a record stands: the file as the user named it and the line (Parquet: row) from 1. */
export interface RecordPlace {
  file: string
  line: number
}

/** A record that is no dialog; `field` is a path such as `messages[1].content[0].type`. */
export class DialogError extends InputError {
  readonly file: string
  readonly line: number
  readonly field: string

  constructor(place: RecordPlace, field: string, problem: string, hint: string) {
    super(`${place.file}, line ${place.line}, ${field}: ${problem}`, {
      code: 'RC_BAD_DIALOG',
      hint,
    })
    this.file = place.file
    this.line = place.line
    this.field = field
  }
}
