import { createRandom, type Random } from '../../../core/index.ts'
import type { Instruction } from '../../../data/datasets/index.ts'
import type { Sandbox } from '../../../sandbox/index.ts'
import { type Language, languageTable, testsMarker } from '../languages.ts'
import type { SynthOptions } from '../options.ts'
import type { Drop } from './drop-reason.ts'
import type { RunCell } from './extract-tests.ts'

/** Mutants that are tried until one is rejected; each is compiled. */
const mutantLimit = 3

/**
 * For programs that are built as a whole: the answer with the tests that stood behind the marker in
 * the last program that ended well, and with those of the instruction, must end well, and a mutant
 * that can be built must not. Undefined when all is well.
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
  for (const mutant of mutateOperators(answer, mutantLimit, random)) {
    const { outcome, step } = await run(mutant, own === '' ? given : own)
    if (step === 'run' && outcome !== 'ok') return undefined
  }
  return { reason: 'tests-accept-mutants' }
}

function testsBehindMarker(cells: readonly RunCell[], language: Language): string {
  const marker = testsMarker(language)
  const last = cells.findLast(({ ok, code }) => ok && code.includes(marker))
  return last === undefined ? '' : last.code.slice(last.code.indexOf(marker) + marker.length)
}

/** Programs with one operator or number changed, outside of strings and comments. */
export function mutateOperators(source: string, most: number, random: Random): string[] {
  const places = [...source.matchAll(tokens)].filter(
    (match) => match[1] !== undefined || match[2] !== undefined,
  )
  return random
    .shuffle(places)
    .slice(0, most)
    .map((match) => {
      const [, operator, number] = match
      const by = operator === undefined ? String(Number(number) + 1) : otherOperators[operator]
      const end = match.index + match[0].length
      return source.slice(0, match.index) + by + source.slice(end)
    })
}

/** Strings and comments are passed over whole; operators stand between blanks. */
const tokens =
  /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/.*|\/\*[\s\S]*?\*\/|#.*|(?<=[\w)\]] )(<=|>=|==|!=|===|!==|[<>+\-*]|&&|\|\||-(?:lt|le|gt|ge|eq|ne))(?= [\w(!"'$-])|(?<![\w.$])(\d{1,9})(?![\w.])/g

const otherOperators: Record<string, string> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '==': '!=',
  '!=': '==',
  '===': '!==',
  '!==': '===',
  '+': '-',
  '-': '+',
  '*': '+',
  '&&': '||',
  '||': '&&',
  '-lt': '-le',
  '-le': '-lt',
  '-gt': '-ge',
  '-ge': '-gt',
  '-eq': '-ne',
  '-ne': '-eq',
}
