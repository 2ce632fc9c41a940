import type { Kata, KataFault } from './generate-katas.ts'

/** A kata as a line of an instruction file; `faults` serve the scripted teacher. */
export interface KataInstruction {
  id: string
  instruction: string
  /** The prompt with the reference as its body. */
  answer: string
  /** The reference without docstring, as a first attempt is written. */
  solution: string
  tests: string
  entryPoint: string
  family: string
  combination: string
  faults: KataFault[]
}

/** Writes a kata as an instruction with everything that the scripted teacher needs. */
export function toInstruction(kata: Kata): KataInstruction {
  const { taskId: id, instruction, tests, entryPoint, family, combination, faults } = kata
  return {
    id,
    instruction,
    answer: kata.prompt + kata.canonicalSolution,
    solution: bareSolution(kata),
    tests,
    entryPoint,
    family,
    combination,
    faults,
  }
}

function bareSolution(kata: Kata): string {
  const head = kata.prompt.slice(0, kata.prompt.indexOf('    """'))
  return head + kata.canonicalSolution
}
