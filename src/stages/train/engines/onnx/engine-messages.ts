import {
  type ExitStatus,
  exitStatus,
  InputError,
  InterruptedError,
  ReflectionCoderError,
} from '../../../../core/index.ts'
import type { TrainEvent } from '../../engine.ts'
import type { TrainOptions } from '../../options.ts'

/** What the thread of the engine is started with. */
export interface EngineData {
  readonly options: TrainOptions
  readonly planHash: string
  readonly keptBytes: number
}

/** To the thread: go on to the next event; finish the current unit and stop. */
export type EngineCommand = 'next' | 'abort'

/** From the thread: one for each `next`. */
export type EngineReply =
  | { readonly event: TrainEvent }
  | { readonly done: true }
  | { readonly error: ErrorRecord }

/** An error without its class, as it crosses from thread to thread. */
export interface ErrorRecord {
  readonly message: string
  readonly stack: string | undefined
  readonly known: { code: string; hint: string | undefined; status: ExitStatus } | undefined
}

export function recordError(error: unknown): ErrorRecord {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  if (!(error instanceof ReflectionCoderError)) return { message, stack, known: undefined }
  const { code, hint, status } = error
  return { message, stack, known: { code, hint, status } }
}

/** The error of a record, of the class that its exit status stands for. */
export function restoreError({ message, stack, known }: ErrorRecord): Error {
  const error = known ? knownError(message, known) : new Error(message)
  if (stack !== undefined) error.stack = stack
  return error
}

function knownError(message: string, { code, hint, status }: NonNullable<ErrorRecord['known']>) {
  const options = { code, ...(hint === undefined ? {} : { hint }) }
  if (status === exitStatus.interrupted) return new InterruptedError(message)
  if (status === exitStatus.badInput) return new InputError(message, options)
  return new ReflectionCoderError(message, { ...options, status })
}
