import { createRandom } from '../../../core/index.ts'
import type { Instruction } from '../../../data/datasets/index.ts'
import type { Sandbox } from '../../../sandbox/index.ts'
import type { SynthOptions } from '../options.ts'
import type { Drop } from './drop-reason.ts'
import { extractTests, type RunCell } from './extract-tests.ts'
import { mutatePython, stubPython } from './mutate-python.ts'
import { checkTestsCanFail } from './tests-can-fail.ts'

/** Mutants that are tried until one is rejected. */
const mutantLimit = 5

/**
 * Runs the final answer: it must work alone, pass the teacher's tests and those of the instruction,
 * and those tests must be able to fail. Undefined when all is well.
 */
export async function checkPythonAnswer(
  answer: string,
  cells: readonly RunCell[],
  instruction: Instruction,
  sandbox: Sandbox,
  options: SynthOptions,
): Promise<Drop | undefined> {
  const given = instruction.tests ?? ''
  const own = extractTests(cells, answer) ?? ''
  const passes = (await runPython(sandbox, join(answer, own, given))) === undefined
  if (!passes) return attributeFault(answer, own, given, sandbox)
  if (given.trim() === '' && own === '') return { reason: 'no-tests' }
  return options.checkTests
    ? checkTests(answer, join(own, given), instruction.id, sandbox, options)
    : undefined
}

/** Which part it is that fails. */
async function attributeFault(
  answer: string,
  own: string,
  given: string,
  sandbox: Sandbox,
): Promise<Drop> {
  const fault = await runPython(sandbox, answer)
  if (fault !== undefined) return { reason: 'answer-fails', detail: fault }
  const ownFault = own === '' ? undefined : await runPython(sandbox, join(answer, own))
  if (ownFault !== undefined) return { reason: 'answer-fails-own-tests', detail: ownFault }
  const detail = await runPython(sandbox, join(answer, given))
  return { reason: 'answer-fails-given-tests', ...(detail === undefined ? {} : { detail }) }
}

function checkTests(
  answer: string,
  tests: string,
  id: string,
  sandbox: Sandbox,
  options: SynthOptions,
): Promise<Drop | undefined> {
  const limits = { cpuMs: options.cellCpuMs }
  const random = createRandom(options.seed, 'mutants', id)
  const wrong = { stub: stubPython(answer), mutants: mutatePython(answer, mutantLimit, random) }
  return checkTestsCanFail(wrong, async (program) => {
    const fault = await runPython(sandbox, join(program, tests), limits)
    return fault === undefined ? 'pass' : 'fail'
  })
}

const join = (...parts: string[]) => parts.filter((part) => part !== '').join('\n\n')

/** What went wrong in a word or the last line of the traceback; undefined when nothing did. */
async function runPython(
  sandbox: Sandbox,
  source: string,
  limits: { cpuMs?: number } = {},
): Promise<string | undefined> {
  const { outcome, stderr } = await sandbox.run({ language: 'python', source }, limits)
  if (outcome === 'ok') return undefined
  const last = stderr.trim().split('\n').at(-1) ?? ''
  return outcome === 'error' && last !== '' ? last.slice(0, 300) : outcome
}
