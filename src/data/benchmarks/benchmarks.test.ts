import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leaveOutExtreme } from './extreme-inputs.ts'
import {
  oneOffInstruction,
  type Problem,
  readBenchmark,
  readProblems,
  readSamples,
} from './index.ts'
import { parseProblems } from './problems.ts'
import { rawMembers } from './raw-members.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'benchmarks-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const problemLine = (id: string, more = '') =>
  `{"task_id": "${id}", "prompt": "def f(x):\\n", "entry_point": "f", "canonical_solution": "    return x\\n", "base_input": [[1], [12345678901234567890]]${more}}`

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

describe('rawMembers', () => {
  it('keeps the text of every member', () => {
    const text = ' { "a" : [1.0, {"b": "]}\\""}] , "c":-1e5,"d": "x,y" , "e":{} } '
    expect([...rawMembers(text)]).toEqual([
      ['a', '[1.0, {"b": "]}\\""}]'],
      ['c', '-1e5'],
      ['d', '"x,y"'],
      ['e', '{}'],
    ])
  })

  it('gives the last of equal keys', () => {
    expect(rawMembers('{"a": 1, "a": 2}').get('a')).toBe('2')
  })

  it('gives texts that parse to what the whole parses to', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(3), (object, indent) => {
        const text = JSON.stringify(object, null, indent)
        const entries = [...rawMembers(text)].map(([key, raw]) => [key, JSON.parse(raw)])
        expect(Object.fromEntries(entries)).toEqual(JSON.parse(text))
      }),
    )
  })
})

describe('parseProblems', () => {
  it('reads a known file as it reads one that it checks', () => {
    const text = [
      problemLine('Mbpp/1', ', "plus_input": [[Infinity, "]"], [NaN]], "atol": 1e-6'),
      problemLine('Mbpp/2').replace('[[1], [12345678901234567890]]', '{}'),
    ].join('\n')
    const problems = parseProblems('p.jsonl', text, true)
    expect(problems).toEqual(parseProblems('p.jsonl', text))
    expect(problems.map(({ baseInput }) => baseInput)).toEqual([
      '[[1], [12345678901234567890]]',
      '[]',
    ])
  })
})

describe('readProblems', () => {
  it('carries inputs as text, digit by digit', async () => {
    const more = ', "plus_input": [[Infinity], [1.0], ["NaN"], [NaN]], "atol": 1e-6'
    const path = await file('p.jsonl', `${problemLine('Kata/0', more)}\n\n`)
    const { problems } = await readProblems(path)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({
      taskId: 'Kata/0',
      dataset: 'other',
      entryPoint: 'f',
      baseInput: '[[1], [12345678901234567890]]',
      plusInput: '[[Infinity], [1.0], ["NaN"], [NaN]]',
      tolerance: 1e-6,
    })
  })

  it('hashes the un-gzipped bytes', async () => {
    const text = `${problemLine('HumanEval/0')}\n`
    const plain = await readProblems(await file('h.jsonl', text))
    const zipped = await readProblems(await file('h.jsonl.gz', gzipSync(text)))
    expect(zipped.hash).toBe(plain.hash)
    expect(plain.hash).toMatch(/^[0-9a-f]{32}$/)
    expect(plain.problems[0]?.dataset).toBe('humaneval')
  })

  it('takes an empty object for no inputs', async () => {
    const path = await file('793.jsonl', problemLine('Mbpp/793', ', "plus_input": {}'))
    expect((await readProblems(path)).problems[0]?.plusInput).toBe('[]')
  })

  it('finds a benchmark by name in the data folders and checks its content', async () => {
    await file('MbppPlus.jsonl.gz', gzipSync(problemLine('Mbpp/2')))
    await expect(readProblems('mbpp', { data: [tmpdir(), folder] })).rejects.toMatchObject({
      code: 'RC_BENCHMARK_CHANGED',
      status: 2,
      message: expect.stringMatching(/MbppPlus.jsonl.gz is not the known file: .*b54e7627.*, got /),
    })
    await expect(readProblems('humaneval', { data: folder })).rejects.toMatchObject({
      code: 'RC_BENCHMARK_NOT_FOUND',
      status: 2,
      message: `benchmark humaneval: there is no HumanEvalPlus.jsonl.gz in ${folder}`,
    })
    await expect(readProblems('mbpp')).rejects.toMatchObject({ code: 'RC_NO_DATA_FOLDER' })
    await expect(readProblems('mbp')).rejects.toMatchObject({
      code: 'RC_UNKNOWN_BENCHMARK',
      hint: expect.stringMatching(/^The nearest name is mbpp;/),
    })
  })

  it('reads a file by its path whatever its content', async () => {
    const path = await file('MbppPlus.jsonl.gz', gzipSync(problemLine('Mbpp/2')))
    expect((await readProblems(path)).problems[0]?.dataset).toBe('mbpp')
  })

  it('refuses variants that do not exist', async () => {
    const variant = (name: string, choice: object) =>
      expect(readProblems(name, { data: folder, ...choice })).rejects.toMatchObject({
        code: 'RC_BAD_VARIANT',
        status: 2,
      })
    await variant('mbpp', { mini: true })
    await variant('gsm8k', { extreme: false })
    await variant('humaneval', { mini: true, extreme: false })
    await expect(readProblems('humaneval', { data: folder, mini: true })).rejects.toMatchObject({
      message: expect.stringContaining('HumanEvalPlus-Mini.jsonl.gz'),
    })
  })

  it('leaves out extreme inputs and keeps every other byte', () => {
    const line = (plus: string) =>
      `{"task_id": "HumanEval/39", "plus_input": ${plus}, "atol": 0, "base_input": [[1]]}`
    expect(leaveOutExtreme(line('[["a, ]\\""], [12]]'), 'HumanEval/39')).toBe(line('[["a, ]\\""]]'))
    expect(leaveOutExtreme(line('[[1], [2]]'), 'HumanEval/0')).toBe(line('[[1], [2]]'))
  })

  it('tells MultiPL-E and GSM8K by their fields', async () => {
    const translated = JSON.stringify({
      name: 'HumanEval_1_f',
      language: 'go_test.go',
      prompt: 'func f() {\n',
      tests: '}',
      stop_tokens: ['\n}'],
    })
    expect(await readBenchmark(await file('go.jsonl', translated))).toMatchObject({
      kind: 'translated',
      language: 'go',
      problems: [{ taskId: 'HumanEval_1_f', tests: '}', stopTokens: ['\n}'] }],
    })
    const asked = await file('g.jsonl', '{"question": "1+1?", "answer": "so\\n#### 2", "idx": 7}')
    expect(await readBenchmark(asked)).toMatchObject({
      kind: 'answers',
      problems: [{ taskId: 'gsm8k/7', question: '1+1?', answer: '2' }],
    })
    await expect(readProblems(asked)).rejects.toMatchObject({ code: 'RC_WRONG_KIND', status: 2 })
    const swift = await file('s.jsonl', translated.replace('go_test.go', 'swift'))
    await expect(readBenchmark(swift)).rejects.toMatchObject({ code: 'RC_BAD_PROBLEM' })
  })

  const bad: [string, string, string, RegExp][] = [
    ['broken JSON', '{"task_id": ', 'RC_BAD_JSON_LINE', /line 1: not valid JSON/],
    ['a list', '[1]', 'RC_BAD_JSON_LINE', /expected a JSON object, got a list/],
    [
      'a missing field',
      '{"task_id": "a"}',
      'RC_BAD_PROBLEM',
      /line 1, field entry_point: expected text, got nothing/,
    ],
    [
      'inputs that are no lists',
      problemLine('a', ', "plus_input": [[1], 2]'),
      'RC_BAD_PROBLEM',
      /field plus_input\[1\]: expected an argument list, got 2/,
    ],
    ['a bad tolerance', problemLine('a', ', "atol": "x"'), 'RC_BAD_PROBLEM', /field atol/],
    [
      'a task given twice',
      `${problemLine('a')}\n${problemLine('a')}`,
      'RC_DUPLICATE_TASK',
      /line 2: task a is on line 1 already/,
    ],
    ['an empty file', '\n', 'RC_NO_PROBLEMS', /holds no problem/],
  ]
  it.each(bad)('refuses %s', async (_, content, code, message) => {
    const path = await file('bad.jsonl', content)
    await expect(readProblems(path)).rejects.toMatchObject({
      code,
      status: 2,
      message: expect.stringMatching(message),
    })
  })

  it('refuses a file that is not there and one that is cut off', async () => {
    await expect(readProblems(join(folder, 'none.jsonl'))).rejects.toMatchObject({
      code: 'RC_FILE_UNREADABLE',
    })
    const cut = await file('cut.jsonl.gz', gzipSync(problemLine('a')).subarray(0, 40))
    await expect(readProblems(cut)).rejects.toMatchObject({ code: 'RC_BAD_GZIP' })
  })
})

describe('readSamples', () => {
  const problems = ['T/0', 'T/1'].map((taskId) => ({ taskId, prompt: 'P\n' })) as Problem[]

  it('prefers solutions and puts prompts before completions', async () => {
    const path = await file(
      's.jsonl',
      [
        '{"task_id": "T/1", "completion": "c"}',
        '',
        '{"task_id": "T/0", "solution": "s", "completion": "c", "other": 1}',
        '{"task_id": "T/1", "completion": "d"}',
      ].join('\n'),
    )
    expect((await readSamples(path, problems)).samples).toEqual([
      { taskId: 'T/0', program: 's' },
      { taskId: 'T/1', program: 'P\nc' },
      { taskId: 'T/1', program: 'P\nd' },
    ])
  })

  it('keeps lone surrogates', async () => {
    const path = await file('u.jsonl', '{"task_id": "T/0", "solution": "\\ud800"}')
    const { samples } = await readSamples(path, problems, { allowPartial: true })
    expect(samples[0]?.program).toBe('\ud800')
  })

  it('skips unknown tasks and reports them', async () => {
    const path = await file(
      'x.jsonl',
      ['T/0', 'U/0', 'T/1', 'U/0'].map((id) => `{"task_id": "${id}", "solution": ""}`).join('\n'),
    )
    const read = await readSamples(path, problems)
    expect(read.samples).toHaveLength(2)
    expect(read.unknownTasks).toEqual([{ taskId: 'U/0', samples: 2 }])
  })

  it('refuses missing tasks unless a partial evaluation is asked for', async () => {
    const path = await file('m.jsonl', '{"task_id": "T/0", "solution": ""}')
    await expect(readSamples(path, problems)).rejects.toMatchObject({
      code: 'RC_MISSING_TASKS',
      message: expect.stringContaining('no sample for T/1'),
    })
    const read = await readSamples(path, problems, { allowPartial: true })
    expect(read.missingTasks).toEqual(['T/1'])
  })

  it('refuses samples of another benchmark', async () => {
    const path = await file('w.jsonl', '{"task_id": "Mbpp/2", "solution": ""}')
    await expect(readSamples(path, problems)).rejects.toMatchObject({
      code: 'RC_WRONG_BENCHMARK',
      message: expect.stringContaining('the samples are for Mbpp/2, the problems are T/0, T/1'),
    })
  })

  it('names file, line and field of a bad sample', async () => {
    const path = await file('b.jsonl', '\n{"task_id": "T/0", "solution": 3}')
    await expect(readSamples(path, problems)).rejects.toMatchObject({
      code: 'RC_BAD_SAMPLE',
      message: `${path}, line 2, field solution: expected text, got 3`,
    })
    const none = await file('n.jsonl', '{"task_id": "T/0"}')
    await expect(readSamples(none, problems)).rejects.toMatchObject({ code: 'RC_BAD_SAMPLE' })
  })

  it('reads a folder of programs', async () => {
    await mkdir(join(folder, 'f/T_0'), { recursive: true })
    await mkdir(join(folder, 'f/T_1'), { recursive: true })
    for (const name of ['T_0/10.py', 'T_0/2.py', 'T_1/0.py', 'T_1/notes.txt']) {
      await file(`f/${name}`, name)
    }
    const { samples } = await readSamples(join(folder, 'f'), problems)
    expect(samples.map(({ program }) => program)).toEqual(['T_0/2.py', 'T_0/10.py', 'T_1/0.py'])
  })
})

describe('oneOffInstruction', () => {
  it('restates the problem in a fence', () => {
    expect(oneOffInstruction('def f():\n')).toBe(
      'Complete the following Python function.\n```python\ndef f():\n```',
    )
  })
})
