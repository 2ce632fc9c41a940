import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acceptsAnswer, readAnswer } from './compare-answers.ts'
import { evaluate } from './evaluate.ts'
import { readVerdicts } from './read-verdicts.ts'

describe('readAnswer', () => {
  it.each([
    ['18\n', '18'],
    ['a\nThe answer is $1,234.50.\n\n', '1,234.50'],
    ['3 of 4', '4'],
    ['x = -5', '-5'],
    ['1e-3', '1e-3'],
    ['no number here', 'no number here'],
    ['', ''],
  ])('reads %j as %j', (output, answer) => expect(readAnswer(output)).toBe(answer))
})

describe('acceptsAnswer', () => {
  it.each([
    ['18', '18', true],
    ['18.0', '18', true],
    ['1,000', '1000', true],
    ['$70', '70.', true],
    ['100009', '100000', true],
    ['100011', '100000', false],
    ['0.00001', '0', false],
    ['0', '0.0', true],
    ['50', '0.5', false],
    ['nan', 'nan', false],
    ['nan', '3', false],
    ['inf', '3', false],
    ['', '', false],
    ['five', 'five', true],
    ['five', 'Five', false],
  ])('%j for %j: %s', (answer, reference, accepted) =>
    expect(acceptsAnswer(answer, reference)).toBe(accepted),
  )

  it('reads percents both ways when asked to', () => {
    expect(acceptsAnswer('50', '0.5', true)).toBe(true)
    expect(acceptsAnswer('0.5', '50', true)).toBe(true)
    expect(acceptsAnswer('5', '50', true)).toBe(false)
  })
})

describe('evaluating answers', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'answers-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('runs programs and compares what they print or return', async () => {
    const cases: [program: string, status: string][] = [
      ['print("thinking 1")\nprint("so it is", 6 * 7)', 'pass'],
      ['def solution():\n    return 84 / 2', 'pass'],
      ['Here it is:\n```python\nprint(42)\n```\nDone 7.', 'pass'],
      ['print(41)', 'fail'],
      ['print(42)\nraise ValueError("late")', 'fail'],
      ['print(42', 'fail'],
      ['', 'fail'],
      ['input()\nprint(42)', 'fail'],
      ['import time\ntime.sleep(60)', 'timeout'],
    ]
    const problems = join(folder, 'gsm.jsonl')
    await writeFile(
      problems,
      cases
        .map((_, idx) => JSON.stringify({ question: 'q', answer: 'a\n#### 42', idx }))
        .join('\n'),
    )
    const samples = join(folder, 'samples.jsonl')
    const ids = (index: number) =>
      [index, `${index}`, `GSM8K/${index}`, `gsm8k/${index}`][index % 4]
    await writeFile(
      samples,
      cases.map(([solution], at) => JSON.stringify({ task_id: ids(at), solution })).join('\n'),
    )
    const out = join(folder, 'out')
    const summary = await evaluate({ benchmark: problems, samples, out })
    const verdicts = await readVerdicts(out)
    expect(verdicts.map(({ base }) => base.status)).toEqual(cases.map(([, status]) => status))
    expect(verdicts[4]?.base.failure?.error).toBe('ValueError: late')
    expect(verdicts[3]?.base.failure).toMatchObject({ input: 'q', expected: '42', got: '41' })
    expect(summary.passAtK).toEqual({ base: { 'pass@1': 3 / 9 } })
    expect(summary.warnings.at(-1)).toBe('1 tasks have an empty sample (gsm8k/6…)')
  })

  it('reads percents both ways only when told so', async () => {
    const problems = join(folder, 'percent.jsonl')
    await writeFile(problems, JSON.stringify({ question: 'q', answer: '#### 42', idx: 0 }))
    const samples = join(folder, 'percent-samples.jsonl')
    const programs = ['print("42%")', 'print(0.42)', 'print(4200)', 'print(420)']
    const rows = programs.map((solution) => JSON.stringify({ task_id: 'gsm8k/0', solution }))
    await writeFile(samples, rows.join('\n'))
    const statuses = async (percent: boolean) => {
      const out = join(folder, `percent-${percent}`)
      await evaluate({ benchmark: problems, samples, out, percent })
      return (await readVerdicts(out)).map(({ base }) => base.status)
    }
    expect(await statuses(false)).toEqual(['pass', 'fail', 'fail', 'fail'])
    expect(await statuses(true)).toEqual(['pass', 'pass', 'pass', 'fail'])
  })
})
