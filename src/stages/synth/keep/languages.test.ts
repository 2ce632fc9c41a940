import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MissingDependencyError } from '../../../core/index.ts'
import { createSandbox, type Sandbox } from '../../../sandbox/index.ts'
import { type Language, languageTable, testsMarker, testsMarkerPattern } from '../languages.ts'
import { openNotebook } from '../notebook/notebook.ts'
import { synthOptionsSchema } from '../options.ts'
import { checkAnswer } from './check-answer.ts'
import { readGivenAnswer, readLastNumber } from './check-printed-answer.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await createSandbox({ workers: 1 })
})
afterAll(() => sandbox.dispose())

interface LanguageCase {
  language: Language
  answer: string
  /** An answer that the tests must reject. */
  wrong: string
  tests: string
  /** Tests that see whether something comes back, but not what. */
  dull: string
  /** Tests that see nothing. */
  blind: string
}

const programs: LanguageCase[] = [
  {
    language: 'javascript',
    answer: 'function twice(n) {\n  return n * 2 + 0\n}',
    wrong: 'function twice(n) {\n  return n * 3 + 0\n}',
    tests: "if (twice(4) !== 8) throw new Error('got ' + twice(4))",
    dull: 'if (twice(4) === undefined) throw new Error()',
    blind: 'twice(4)',
  },
  {
    language: 'typescript',
    answer: 'const twice = (n: number): number => {\n  return n * 2\n}',
    wrong: 'const twice = (n: number): number => {\n  return n * 3\n}',
    tests: "if (twice(4) !== 8) throw new Error('got ' + twice(4))",
    dull: 'if (twice(4) === undefined) throw new Error()',
    blind: 'twice(4)',
  },
  {
    language: 'cpp',
    answer: '#include <string>\nstd::string twice(int n) {\n  return std::to_string(n * 2);\n}',
    wrong: '#include <string>\nstd::string twice(int n) {\n  return std::to_string(n * 3);\n}',
    tests: 'int main() { return twice(4) == "8" ? 0 : 1; }',
    dull: 'int main() { return twice(4).empty() ? 1 : 0; }',
    blind: 'int main() { twice(4); }',
  },
  {
    language: 'java',
    answer: 'class Solution {\n  static Integer twice(int n) {\n    return n * 2;\n  }\n}',
    wrong: 'class Solution {\n  static Integer twice(int n) {\n    return n * 3;\n  }\n}',
    tests:
      'class Main {\n  public static void main(String[] args) {\n    if (Solution.twice(4) != 8) System.exit(1);\n  }\n}',
    dull: 'class Main {\n  public static void main(String[] args) {\n    if (Solution.twice(4) == null) System.exit(1);\n  }\n}',
    blind:
      'class Main {\n  public static void main(String[] args) {\n    Solution.twice(4);\n  }\n}',
  },
  {
    language: 'go',
    answer:
      'package main\n\nimport (\n\t"os"\n\t"strconv"\n)\n\nfunc twice(n int) string {\n\treturn strconv.Itoa(n * 2)\n}',
    wrong:
      'package main\n\nimport (\n\t"os"\n\t"strconv"\n)\n\nfunc twice(n int) string {\n\treturn strconv.Itoa(n * 3)\n}',
    tests: 'func main() {\n\tif twice(4) != "8" {\n\t\tos.Exit(1)\n\t}\n}',
    dull: 'func main() {\n\tif twice(4) == "" {\n\t\tos.Exit(1)\n\t}\n}',
    blind: 'func main() {\n\tif twice(4) == "x" {\n\t\tos.Exit(1)\n\t}\n}',
  },
  {
    language: 'rust',
    answer: 'fn twice(n: i32) -> String {\n    (n * 2).to_string()\n}',
    wrong: 'fn twice(n: i32) -> String {\n    (n * 3).to_string()\n}',
    tests: 'fn main() {\n    if twice(4) != "8" {\n        std::process::exit(1);\n    }\n}',
    dull: 'fn main() {\n    if twice(4).is_empty() {\n        std::process::exit(1);\n    }\n}',
    blind: 'fn main() {\n    twice(4);\n}',
  },
  {
    language: 'bash',
    answer: 'twice() {\n  echo $(( $1 * 2 ))\n}',
    wrong: 'twice() {\n  echo $(( $1 * 3 ))\n}',
    tests: '[ "$(twice 4)" = 8 ] || exit 1',
    dull: '[ -n "$(twice 4)" ] || exit 1',
    blind: 'twice 4',
  },
]

const instruction = { id: 'i', instruction: '', extra: {} }

describe('programs of other languages', () => {
  it.for(programs)(
    'are run, shown and checked in $language, or its package is named',
    { timeout: 120_000 },
    async ({ language, answer, wrong, tests, dull, blind }) => {
      const options = synthOptionsSchema.parse({ instructions: 'x', out: 'y', language })
      const missing = await findMissing(language)
      if (missing) {
        expect(missing).toBeInstanceOf(MissingDependencyError)
        expect(missing.hint).toMatch(/apt-get install .*\S/)
        return
      }
      const notebook = openNotebook(sandbox, options)
      const join = (program: string, checks: string) =>
        `${program}\n${testsMarker(language)}\n${checks}`
      const result = await notebook.run(join(answer, tests))
      expect(result).toMatchObject({ outcome: 'ok', output: '' })
      const failing = await notebook.run(join(wrong, tests))
      expect(failing.outcome).toBe('error')
      expect(failing.output).toMatch(/\[the program: error, status 1\]\n$/)
      await notebook.dispose()
      const check = (text: string, checks: string) =>
        checkAnswer(text, [{ code: join(answer, checks), result }], instruction, sandbox, options)
      expect(await check(answer, tests)).toBeUndefined()
      expect(await check(wrong, tests)).toMatchObject({ reason: 'answer-fails-own-tests' })
      expect(await check(answer, blind)).toMatchObject({ reason: 'tests-accept-a-stub' })
      expect(await check(answer, dull)).toMatchObject({ reason: 'tests-accept-mutants' })
      expect(
        await checkAnswer(answer, [{ code: answer, result }], instruction, sandbox, options),
      ).toMatchObject({ reason: 'no-tests' })
    },
  )

  it('find their tests behind the marker, however it is drawn', () => {
    for (const line of ['// --- tests ---', '//---Tests---', '  // -- TEST --']) {
      expect(testsMarkerPattern('cpp').test(`int a;\n${line}\nint b;`)).toBe(true)
    }
    expect(testsMarkerPattern('cpp').test('// tests')).toBe(false)
  })
})

/** What is missing on this machine to run a language. */
const findMissing = (language: Language): Promise<MissingDependencyError | undefined> =>
  sandbox.requireLanguage(languageTable[language].sandbox).then(
    () => undefined,
    (error: MissingDependencyError) => error,
  )

describe('word problems', () => {
  it.each([
    ['She pays $1,250.50', 1250.5],
    ['3 of -4', -4],
    ['1e3', 1000],
    ['50%.', 50],
    ['none', undefined],
  ])('reads the last number of %j', (text, number) => {
    expect(readLastNumber(text)).toBe(number)
  })

  it('takes the number behind the mark', () => {
    expect(readGivenAnswer('He has 3.\n#### 1,024 apples in 2 bags')).toBe(2)
    expect(readGivenAnswer('He has 3.\n#### 1,024')).toBe(1024)
  })

  it('compares what the answer prints with what came with the problem', async () => {
    const options = synthOptionsSchema.parse({ instructions: 'x', out: 'y', domain: 'math' })
    const notebook = openNotebook(sandbox, options)
    const result = await notebook.run('print(6 * 7)')
    await notebook.dispose()
    const check = (answer: string, given?: string) =>
      checkAnswer(
        answer,
        [{ code: '', result }],
        { ...instruction, ...(given === undefined ? {} : { answer: given }) },
        sandbox,
        options,
      )
    expect(await check('print("total:", 42.0)', '#### 42')).toBeUndefined()
    expect(await check('print(42)')).toBeUndefined()
    expect(await check('print(41)', '#### 42')).toMatchObject({
      reason: 'answer-differs',
      detail: 'printed 41, expected 42',
    })
    expect(await check('print(', '#### 42')).toMatchObject({ reason: 'answer-fails' })
  })
})
