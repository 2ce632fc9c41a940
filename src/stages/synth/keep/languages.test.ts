import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSandbox, type Sandbox } from '../../../sandbox/index.ts'
import { type Language, languageTable, testsMarker } from '../languages.ts'
import { openNotebook } from '../notebook/notebook.ts'
import { synthOptionsSchema } from '../options.ts'
import { checkAnswer } from './check-answer.ts'
import { readGivenAnswer, readLastNumber } from './check-printed-answer.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await createSandbox({ workers: 1 })
})
afterAll(() => sandbox.dispose())

const programs: { language: Language; answer: string; tests: string; blind: string }[] = [
  {
    language: 'javascript',
    answer: 'function twice(n) {\n  return n * 2 + 0\n}',
    tests: "if (twice(4) !== 8) throw new Error('got ' + twice(4))",
    blind: 'twice(4)',
  },
  {
    language: 'cpp',
    answer: 'int twice(int n) {\n  return n * 2;\n}',
    tests: 'int main() { return twice(4) == 8 ? 0 : 1; }',
    blind: 'int main() { return twice(4) * 0; }',
  },
  {
    language: 'bash',
    answer: 'twice() {\n  echo $(( $1 * 2 ))\n}',
    tests: '[ "$(twice 4)" = 8 ] || exit 1',
    blind: 'twice 4',
  },
]

const instruction = { id: 'i', instruction: '', extra: {} }

describe('programs of other languages', () => {
  it.each(programs)(
    'are run, shown and checked in $language',
    async ({ language, answer, tests, blind }) => {
      const options = synthOptionsSchema.parse({ instructions: 'x', out: 'y', language })
      await sandbox.requireLanguage(languageTable[language].sandbox)
      const notebook = openNotebook(sandbox, options)
      const code = `${answer}\n${testsMarker(language)}\n${tests}`
      const result = await notebook.run(code)
      expect(result).toMatchObject({ outcome: 'ok', output: '' })
      const wrong = await notebook.run(code.replace('* 2', '* 3'))
      expect(wrong.outcome).toBe('error')
      expect(wrong.output).toMatch(/\[the program: error, status 1\]\n$/)
      await notebook.dispose()
      const check = (text: string) =>
        checkAnswer(text, [{ code, result }], instruction, sandbox, options)
      expect(await check(answer)).toBeUndefined()
      expect(await check(answer.replace('* 2', '* 5'))).toMatchObject({
        reason: 'answer-fails-own-tests',
      })
      const unseeing = code.replace(tests, blind)
      expect(
        await checkAnswer(answer, [{ code: unseeing, result }], instruction, sandbox, options),
      ).toMatchObject({ reason: 'tests-accept-mutants' })
      expect(
        await checkAnswer(answer, [{ code: answer, result }], instruction, sandbox, options),
      ).toMatchObject({ reason: 'no-tests' })
    },
  )
})

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
