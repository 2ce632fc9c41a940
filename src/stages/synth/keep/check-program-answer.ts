import { createRandom } from '../../../core/index.ts'
import type { Instruction } from '../../../data/datasets/index.ts'
import type { Sandbox } from '../../../sandbox/index.ts'
import { type Language, languageTable, testsMarkerPattern } from '../languages.ts'
import type { SynthOptions } from '../options.ts'
import type { Drop } from './drop-reason.ts'
import type { RunCell } from './extract-tests.ts'
import { mutateProgram, stubProgram } from './mutate-program.ts'
import { checkTestsCanFail, type Trial } from './tests-can-fail.ts'

/** Mutants that are tried until one is rejected; each is compiled. */
const mutantLimit = 3

/**
 * For programs that are built as a whole: the answer with the tests that stood behind the marker in
 * the last program that ended well, and with those of the instruction, must end well, and a stub and
 * a mutant that can be built must not. Undefined when all is well.
 */
export async function checkProgramAnswer(
  answer: string,
  cells: readonly RunCell[],
  instruction: Instruction,
  sandbox: Sandbox,
  options: SynthOptions,
): Promise<Drop | undefined> {
  const { language, checkTests, seed } = options
  const own = testsBehindMarker(cells, language)
  const given = instruction.tests ?? ''
  if (own === '' && given.trim() === '') return { reason: 'no-tests' }
  const run = (program: string, tests: string) =>
    sandbox.run({ language: languageTable[language].sandbox, source: `${program}\n${tests}\n` })
  for (const [tests, reason] of [
    [own, 'answer-fails-own-tests'],
    [given, 'answer-fails-given-tests'],
  ] as const) {
    if (tests.trim() === '') continue
    const { outcome, stderr, step } = await run(answer, tests)
    if (outcome === 'ok') continue
    const detail = stderr.trim().split('\n').at(-1)?.slice(0, 300) || outcome
    return step === 'compile' ? { reason: 'answer-fails', detail } : { reason, detail }
  }
  if (!checkTests) return undefined
  const random = createRandom(seed, 'mutants', instruction.id)
  const wrong = {
    stub: stubProgram(answer, language),
    mutants: mutateProgram(answer, language, mutantLimit, random),
  }
  return checkTestsCanFail(wrong, async (program): Promise<Trial> => {
    const { outcome, step } = await run(program, own === '' ? given : own)
    if (outcome === 'ok') return 'pass'
    return step === 'run' ? 'fail' : 'not-built'
  })
}

function testsBehindMarker(cells: readonly RunCell[], language: Language): string {
  const marker = testsMarkerPattern(language)
  const last = cells.findLast(({ ok, code }) => ok && marker.test(code))
  const found = marker.exec(last?.code ?? '')
  return last === undefined || found === null ? '' : last.code.slice(found.index + found[0].length)
}
