import type { Random } from '../../core/index.ts'
import type { FaultKind, Operation, Step } from './operations.ts'

/** A shape of katas: slots for operations, and how the chosen ones become a function. */
export interface Family {
  name: string
  topic:
    | 'lists'
    | 'matrices'
    | 'numbers'
    | 'strings'
    | 'words'
    | 'dictionaries'
    | 'recursion'
    | 'dates'
    | 'parsing'
  /** First part of function names. */
  noun: string
  /** Names of the function's parameters. */
  parameters: readonly string[]
  slots: readonly (readonly Operation[])[]
  /** One list of arguments, as JSON values. */
  inputs(random: Random, ...steps: Step[]): unknown[]
  /** Argument lists that every kata is tested with, such as the empty list. */
  edges: readonly (readonly unknown[])[]
  /** Clauses of the docstring's sentence; default: the phrases of the steps. */
  clauses?(...steps: Step[]): string[]
  /** Lines of the function body, not indented; default: the code of the steps. */
  body?(...steps: Step[]): string[]
  /** Lines that stand before the function, such as imports. */
  preamble?: string
  /** Faults beyond those of the operations. */
  faults?(...steps: Step[]): FamilyFault[]
}

export interface FamilyFault {
  kind: FaultKind
  note: string
  body: string[]
}

/** The clauses of the docstring for chosen steps. */
export function familyClauses(family: Family, steps: readonly Step[]): string[] {
  return family.clauses?.(...steps) ?? steps.map((step) => step.phrase)
}

/** The body lines for chosen steps. */
export function familyBody(family: Family, steps: readonly Step[]): string[] {
  return family.body?.(...steps) ?? steps.flatMap((step) => step.code.split('\n'))
}
