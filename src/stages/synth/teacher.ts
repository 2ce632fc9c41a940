import type { Instruction } from '../../data/datasets/index.ts'
import type { CellResult } from '../../sandbox/index.ts'
import type { Spent } from './spent.ts'

/** One program of a reflection: what is said before it, and its code with its tests. */
export interface Attempt {
  readonly text: string
  readonly code: string
}

/** Why a teacher cannot go on with an instruction; the sample is dropped for it. */
export interface TeacherProblem {
  readonly problem: TeacherFault
  /** What was seen, for those who study dropped samples. */
  readonly detail?: string
}

export type TeacherFault =
  | 'refused'
  | 'call-failed'
  | 'empty-reply'
  | 'endless-reply'
  | 'cut-off'
  | 'too-long'
  | 'special-tokens'
  | 'broken-tool-call'
  | 'broken-template'
  | 'answer-without-code'
  | 'answer-in-several-fences'
  | 'answer-fence-not-closed'
  | 'answer-in-other-language'

/** What a teacher does for one instruction. It never sees the sandbox; the loop runs its code. */
export interface TeacherSession {
  /** Text of the first message: the task, with the request to test and repair. */
  readonly request: string
  /** Text of the second question; default: the instruction itself. */
  readonly answerRequest?: string
  /** The next program, after the results of those before; undefined ends the reflection. */
  next(results: readonly CellResult[]): Promise<Attempt | TeacherProblem | undefined>
  /** What is said of the last result. */
  readonly conclusion: string
  /** The final answer: one self-contained program. */
  answer(): Promise<string | TeacherProblem>
  /** What the replies so far cost; nothing where none is asked for. */
  readonly spent?: Spent
  /** The replies so far as they came, for a recording. */
  readonly replies?: readonly unknown[]
}

/** Writes reflection sequences; undefined when it has nothing to say to an instruction. */
export type Teacher = (instruction: Instruction) => Promise<TeacherSession | undefined>

export function isProblem(value: unknown): value is TeacherProblem {
  return typeof value === 'object' && value !== null && 'problem' in value
}
