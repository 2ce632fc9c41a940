/** What the process should exit with when an error reaches the command line. */
export const exitStatus = {
  done: 0,
  failed: 1,
  badInput: 2,
  missingDependency: 3,
  interrupted: 130,
} as const

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus]

export interface ReflectionCoderErrorOptions {
  /** Stable machine-readable code such as `RC_BAD_JSON_LINE`. */
  code: string
  /** What the user can do about it, one sentence. */
  hint?: string
  /** Exit status of the command line; default `exitStatus.failed`. */
  status?: ExitStatus
  cause?: unknown
}

/**
 * Base of every error a user can meet. The message says what was expected, what arrived and where;
 * `hint` says what to do. Faults of our own code are plain `Error`s.
 */
export class ReflectionCoderError extends Error {
  readonly code: string
  readonly hint: string | undefined
  readonly status: ExitStatus

  constructor(message: string, options: ReflectionCoderErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = options.code
    this.hint = options.hint
    this.status = options.status ?? exitStatus.failed
  }
}

/** The input or the usage is wrong (exit status 2). */
export class InputError extends ReflectionCoderError {
  constructor(message: string, options: Omit<ReflectionCoderErrorOptions, 'status'>) {
    super(message, { ...options, status: exitStatus.badInput })
  }
}

/** Something that must be installed is missing (exit status 3); `hint` holds the exact command. */
export class MissingDependencyError extends ReflectionCoderError {
  constructor(
    message: string,
    options: Omit<ReflectionCoderErrorOptions, 'status'> & { hint: string },
  ) {
    super(message, { ...options, status: exitStatus.missingDependency })
  }
}

/** The user asked to stop (exit status 130); the work so far can be resumed. */
export class InterruptedError extends ReflectionCoderError {
  constructor(message = 'interrupted') {
    super(message, {
      code: 'RC_INTERRUPTED',
      status: exitStatus.interrupted,
      hint: 'Run the same command again with --resume to go on.',
    })
  }
}
