import { type ExitStatus, exitStatus, ReflectionCoderError } from '../../core/index.ts'
import type { Terminal } from './terminal.ts'

/** Prints an error with its hint, as JSON where asked, and returns the exit status it stands for. */
export function printError(
  error: unknown,
  terminal: Terminal,
  style: { json: boolean; verbose: boolean },
): ExitStatus {
  const known = error instanceof ReflectionCoderError ? error : undefined
  const status = known?.status ?? exitStatus.failed
  const message = error instanceof Error ? error.message : String(error)
  if (style.json) {
    const document = { error: { code: known?.code ?? 'RC_INTERNAL', message, hint: known?.hint } }
    terminal.print(JSON.stringify(document, null, 2))
  }
  terminal.note(`${status === exitStatus.interrupted ? '' : 'error: '}${message}`)
  if (known?.hint !== undefined) terminal.note(`hint: ${known.hint}`)
  if (style.verbose && error instanceof Error) {
    terminal.note(describeStack(error))
  } else if (known === undefined) {
    terminal.note('hint: This is a fault of the program; --verbose prints where it happened.')
  }
  return status
}

function describeStack(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${describeStack(error.cause)}` : ''
  return `${error.stack ?? error.message}${cause}`
}
