/**
 * How one input set of a program ended; `timeout` means that no status was reached, `infra-error`
 * that the sandbox failed, which says nothing about the program.
 */
export type Status = 'pass' | 'fail' | 'timeout' | 'infra-error'

/** The first input that failed; texts are Python `repr`, cut at 300 characters. */
export interface Failure {
  /** Position of the input in its set, from 0. */
  index: number
  input: string
  /** Left out where it is large. */
  expected?: string
  got?: string
  /** The exception, or which time limit was exceeded. */
  error?: string
  note?: string
}

/** The verdict on one input set. */
export interface SetVerdict {
  status: Status
  /** Inputs that were run to their end. */
  finished: number
  inputs: number
  /** Longest call as a share of its time limit; near 1 the verdict depends on the machine. */
  load: number
  /** Time that the program was charged for, seconds. */
  seconds: number
  /** JSON texts of the inputs that EvalPlus lists as failed. */
  failTests: string[]
  failure?: Failure
  /** Why the program could not be loaded. */
  error?: string
}

/** The verdicts on one program; `plus` is missing where it was not run. */
export interface ProgramVerdict {
  base: SetVerdict
  plus?: SetVerdict
}

/** The verdict on one sample. */
export interface SampleVerdict extends ProgramVerdict {
  taskId: string
  /** Number of the sample among those of its task, from 0. */
  sample: number
  /** The whole program that was judged. */
  program: string
}

/** Whether a program passes the base inputs and, where they are judged, the extra inputs too. */
export function passes(verdict: ProgramVerdict, set: 'base' | 'plus'): boolean {
  const base = verdict.base.status === 'pass'
  return set === 'base' ? base : base && verdict.plus?.status === 'pass'
}

/** Whether a slower or faster machine could have judged otherwise. */
export function isTimeSensitive(verdict: ProgramVerdict): boolean {
  return [verdict.base, verdict.plus].some(
    (set) => set !== undefined && set.load >= 0.5 && set.load <= 2,
  )
}

/** Whether the sandbox failed, so that nothing is known of the program. */
export function isFault({ base, plus }: ProgramVerdict): boolean {
  return base.status === 'infra-error' || plus?.status === 'infra-error'
}
