import picocolors from 'picocolors'

/** Where a command writes and how. */
export interface Terminal {
  /** Writes to standard output. */
  print(text: string): void
  /** Writes a line to standard error. */
  note(text: string): void
  colors: ReturnType<typeof picocolors.createColors>
  /** Columns of standard output; 100 where it is not a terminal. */
  width: number
  /** True when standard error is a terminal on which a progress bar can move. */
  interactive: boolean
}

/** Reads the terminal's abilities; `NO_COLOR`, `FORCE_COLOR`, `CI` and `TERM=dumb` are respected. */
export function createTerminal(environment: NodeJS.ProcessEnv): Terminal {
  const dumb = environment.TERM === 'dumb'
  const forced = Boolean(environment.FORCE_COLOR) && environment.FORCE_COLOR !== '0'
  const coloured = !environment.NO_COLOR && (forced || (process.stdout.isTTY === true && !dumb))
  return {
    print: (text) => process.stdout.write(text.endsWith('\n') ? text : `${text}\n`),
    note: (text) => process.stderr.write(`${text}\n`),
    colors: picocolors.createColors(coloured),
    width: process.stdout.columns ?? 100,
    interactive: process.stderr.isTTY === true && !dumb && !environment.CI,
  }
}
