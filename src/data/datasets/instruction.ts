import type { Role } from '../dialog/index.ts'

/** A task as a user would put it, in whatever format it came. */
export interface Instruction {
  /** The record's own id, or `<file name>-<line>`. */
  id: string
  instruction: string
  /** The answer that came with it. */
  answer?: string
  /** Program text that fails when a solution is wrong. */
  tests?: string
  /** Name of the function that the tests call. */
  entryPoint?: string
  /** The whole chat where it has more than one question and answer; it ends with an answer. */
  turns?: Turn[]
  /** All other keys of the record. */
  extra: Record<string, unknown>
}

export interface Turn {
  role: Role
  text: string
}
