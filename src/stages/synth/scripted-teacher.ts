import { createRandom, InputError, type Random } from '../../core/index.ts'
import type { Instruction } from '../../data/datasets/index.ts'
import type { KataFault } from '../../data/katas/index.ts'
import type { CellResult } from '../../sandbox/index.ts'
import type { SynthOptions } from './options.ts'
import type { Attempt, Teacher } from './teacher.ts'

/**
 * A teacher over katas: its first attempts carry the faults that were generated with the kata, its
 * repairs follow what the sandbox really printed, and its answer is the reference.
 */
export function scriptedTeacher(options: SynthOptions): Teacher {
  return async (instruction) => {
    const script = readScript(instruction, options.instructions)
    const random = createRandom(options.seed, 'scripted-teacher', instruction.id)
    const solutions = chooseSolutions(script, random, options.rightAtOnce)
    const tests = chooseTests(script, solutions[0]?.fault, options.testsShown)
    return {
      request: `${requestText}\n${instruction.instruction}`,
      async next(results) {
        const last = results.at(-1)
        if (last?.outcome === 'ok') return undefined
        const solution = solutions[results.length]
        if (!solution) return undefined
        const before = solutions[results.length - 1]?.fault
        const isKnown = last?.outcome === 'error'
        const checks = isKnown ? 'check()\n' : `def check():\n${tests}\ncheck()\n`
        return { text: explain(last, before), code: `${solution.code}\n${checks}` }
      },
      conclusion: 'The tests pass.',
      answer: async () => script.answer,
    }
  }
}

const requestText = 'Write the function with tests, run it and repair it.'

interface Script {
  /** The reference with its docstring, as the final answer shows it. */
  readonly answer: string
  /** The reference without docstring. */
  readonly solution: string
  readonly tests: readonly string[]
  readonly faults: readonly KataFault[]
}

interface Solution {
  readonly code: string
  readonly fault?: KataFault
}

function readScript(instruction: Instruction, file: string): Script {
  const { answer, tests, extra, id } = instruction
  const { faults, solution } = extra
  const isScript = typeof solution === 'string' && Array.isArray(faults)
  if (answer === undefined || tests === undefined || !isScript) {
    throw new InputError(
      `${file}, instruction ${id}: expected answer, solution, tests and faults for the scripted teacher`,
      {
        code: 'RC_NOT_A_KATA',
        hint: 'The scripted teacher knows katas only; write them with `reflectioncoder data katas`.',
      },
    )
  }
  return {
    answer,
    solution,
    tests: tests.split('\n').filter((line) => line !== ''),
    faults: faults as KataFault[],
  }
}

/** The first tests are the examples of the docstring, so a fault that breaks one can be seen. */
const examples = 2

/** The attempts in turn: faults that hide in one another, then the reference. */
function chooseSolutions(script: Script, random: Random, rightAtOnce: number): Solution[] {
  const right = { code: script.solution }
  if (script.faults.length === 0 || random.float() < rightAtOnce) return [right]
  const solutions: Solution[] = []
  const visible = script.faults.filter(({ failing }) => failing.some((test) => test < examples))
  let fault: KataFault | undefined = random.pick(visible.length > 0 ? visible : script.faults)
  while (fault) {
    solutions.push({ code: fault.solution, fault })
    fault = fault.remaining
  }
  return [...solutions, right]
}

/**
 * Body of the function that every attempt is checked by: some assertions, among them one that the
 * first fault breaks; each says what it got. An interpreter that lives on still knows the function.
 */
function chooseTests({ tests }: Script, fault: KataFault | undefined, count: number): string {
  const order = [...(fault ? fault.failing.slice(0, 1) : []), ...tests.keys()]
  const chosen = [...new Set(order)].slice(0, count).sort((a, b) => a - b)
  return chosen.map((index) => `    ${withMessage(tests[index] as string)}\n`).join('')
}

function withMessage(assertion: string): string {
  const end = assertion.lastIndexOf(' == ')
  return end === -1 ? assertion : `${assertion}, ${assertion.slice('assert '.length, end)}`
}

/** Quotes what was printed; the cause is what the script knows of the fault. */
function explain(result: CellResult | undefined, fault: KataFault | undefined): Attempt['text'] {
  if (!result) return 'First attempt.'
  const printed = result.output.trim().split('\n').at(-1) ?? ''
  const cause = fault?.note ?? 'The result is wrong.'
  return `It printed \`${printed}\`. ${cause}`
}
