import type { TeacherFault } from '../teacher.ts'

/** Why a dialog was not kept. */
export type DropReason =
  | TeacherFault
  | 'nothing-said'
  | 'no-program'
  | 'rounds-exhausted'
  | 'answer-fails'
  | 'answer-fails-own-tests'
  | 'answer-fails-given-tests'
  | 'answer-differs'
  | 'answer-mentions-reflection'
  | 'no-tests'
  | 'tests-accept-a-stub'
  | 'tests-accept-mutants'
  | 'too-long-dialog'
  | 'other-script'
  | 'secret'
  | 'personal-data'
  | 'duplicate-instruction'
  | 'near-duplicate'
  | 'benchmark-text'
  | 'benchmark-solution'

/** A reason with what was seen, for those who study dropped samples. */
export interface Drop {
  readonly reason: DropReason
  readonly detail?: string
}
