import type { Instruction } from '../../../data/datasets/index.ts'
import type { CellResult, Sandbox } from '../../../sandbox/index.ts'
import type { SynthOptions } from '../options.ts'
import { checkPrintedAnswer } from './check-printed-answer.ts'
import { checkProgramAnswer } from './check-program-answer.ts'
import { checkPythonAnswer } from './check-python-answer.ts'
import type { Drop } from './drop-reason.ts'

/** Programs of a reflection with their results. */
export interface RanProgram {
  readonly code: string
  readonly result: CellResult
}

/** Runs the final answer as its domain and language ask for; undefined when it may be kept. */
export function checkAnswer(
  answer: string,
  programs: readonly RanProgram[],
  instruction: Instruction,
  sandbox: Sandbox,
  options: SynthOptions,
): Promise<Drop | undefined> {
  const results = programs.map(({ result }) => result)
  if (options.domain === 'math') {
    return checkPrintedAnswer(answer, results, instruction, sandbox, options.language)
  }
  const cells = programs.map(({ code, result }) => ({ code, ok: result.outcome === 'ok' }))
  const check = options.language === 'python' ? checkPythonAnswer : checkProgramAnswer
  return check(answer, cells, instruction, sandbox, options)
}
