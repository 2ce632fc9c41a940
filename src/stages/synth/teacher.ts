import type { Instruction } from '../../data/datasets/index.ts'
import type { CellResult } from '../../sandbox/index.ts'

/** One program of a reflection: what is said before it, and its code with its tests. */
export interface Attempt {
  readonly text: string
  readonly code: string
}

/** What a teacher does for one instruction. It never sees the sandbox; the loop runs its code. */
export interface TeacherSession {
  /** Text of the first message: the task, with the request to test and repair. */
  readonly request: string
  /** The next program, after the results of those before; undefined ends the reflection. */
  next(results: readonly CellResult[]): Promise<Attempt | undefined>
  /** What is said of the last result. */
  readonly conclusion: string
  /** The final answer: one self-contained program. */
  answer(): Promise<string>
}

/** Writes reflection sequences; undefined when it has nothing to say to an instruction. */
export type Teacher = (instruction: Instruction) => Promise<TeacherSession | undefined>
