import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { oneOffInstruction } from '../benchmarks/index.ts'
import { evaluateKatas } from './evaluate.ts'
import {
  functionKeys,
  generateBaseCorpus,
  generateKatas,
  type Kata,
  type KataFault,
  listCombinations,
  toInstruction,
  toProblem,
} from './index.ts'

const testKatas = generateKatas({ split: 'test', count: 300, seed: 11 })
const trainKatas = generateKatas({ split: 'train', count: 400, seed: 11 })
const corpus = [...generateBaseCorpus({ count: 300, seed: 11 })]

test('there are at least 40 families, each in base and train', () => {
  const families = new Map<string, Set<string>>()
  for (const { family, split } of listCombinations()) {
    families.set(family, (families.get(family) ?? new Set()).add(split))
  }
  expect(families.size).toBeGreaterThanOrEqual(40)
  for (const splits of families.values()) {
    expect(splits).toContain('base')
    expect(splits).toContain('train')
  }
})

test('no test kata is a renaming, or another constant, of a training text', () => {
  const training = [
    ...corpus,
    ...trainKatas.map(wholeFunction),
    ...trainKatas.flatMap(({ faults }) => faults.flatMap(attempts)),
  ]
  const seen = new Set(training.flatMap((text) => functionKeys(text, 'abstract')))
  const keys = testKatas.flatMap((kata) => functionKeys(wholeFunction(kata), 'abstract'))
  expect(keys).toHaveLength(300)
  expect(new Set(keys).size).toBe(300)
  expect(keys.filter((key) => seen.has(key))).toEqual([])
})

test('every combination has the same split whatever its constants are', () => {
  const splits = new Map(listCombinations().map((item) => [item.combination, item.split]))
  expect(testKatas.map((kata) => splits.get(kata.combination))).toEqual(Array(300).fill('test'))
  expect(new Set(trainKatas.map((kata) => splits.get(kata.combination)))).toEqual(
    new Set(['train']),
  )
})

test('references pass their tests and faults fail those that are named', () => {
  const programs = [...testKatas.slice(0, 100), ...trainKatas.slice(0, 100)].map((kata) => ({
    name: kata.taskId + kata.prompt,
    source: wholeFunction(kata),
    tests: kata.tests,
    faults: kata.faults.filter(
      (fault) => fault.kind !== 'non-termination' && fault.kind !== 'complexity',
    ),
  }))
  const runner = `import json, sys
for item in json.load(sys.stdin):
    exec(item['source'] + '\\n' + item['tests'], {})
    for fault in item['faults']:
        scope = {}
        exec(fault['solution'], scope)
        failing = []
        for index, line in enumerate(item['tests'].splitlines()):
            try:
                exec(line, scope)
            except Exception:
                failing.append(index)
        assert failing == fault['failing'], (item['name'], fault, failing)
`
  const done = spawnSync('python3', ['-c', runner], {
    input: JSON.stringify(programs),
    encoding: 'utf8',
  })
  expect(done.stderr).toBe('')
})

test('every kata has a docstring with two real examples and at least 8 tests', () => {
  for (const kata of [...testKatas, ...trainKatas]) {
    const tests = kata.tests.trimEnd().split('\n')
    expect(tests.length).toBeGreaterThanOrEqual(8)
    const examples = [...kata.prompt.matchAll(/>>> (.*)\n {4}(.*)\n/g)]
    expect(examples.map(([, call, value]) => `assert ${call} == ${value}`)).toEqual(
      tests.slice(0, 2),
    )
    expect(kata.instruction).toBe(oneOffInstruction(kata.prompt))
  }
})

test('faults cover every kind and may hide another', () => {
  const katas = generateKatas({ split: 'train', count: 600, seed: 11 })
  const faults = katas.flatMap((kata) => kata.faults)
  const all = faults.flatMap((fault) => [fault, ...(fault.remaining ? [fault.remaining] : [])])
  expect(new Set(all.map((fault) => fault.kind)).size).toBe(10)
  expect(faults.some((fault) => fault.remaining?.remaining)).toBe(true)
})

test('equal seeds give equal katas and a smaller count their beginning', () => {
  expect(generateKatas({ split: 'train', count: 40, seed: 11 })).toEqual(trainKatas.slice(0, 40))
  expect(generateKatas({ split: 'train', count: 3, seed: 12 })).not.toEqual(trainKatas.slice(0, 3))
  expect([...generateBaseCorpus({ count: 5, seed: 11 })]).toEqual(corpus.slice(0, 5))
})

test('the corpus ends with the document that reaches the asked size', () => {
  const documents = [...generateBaseCorpus({ bytes: 3000, seed: 11 })]
  const sizes = documents.map((document) => document.length)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  expect(total).toBeGreaterThanOrEqual(3000)
  expect(total - (sizes.at(-1) ?? 0)).toBeLessThan(3000)
})

test('a kata becomes an EvalPlus problem and an instruction', () => {
  const kata = testKatas[0] as Kata
  const problem = toProblem(kata)
  expect(problem).toMatchObject({ task_id: 'Kata/0', atol: 0, entry_point: kata.entryPoint })
  const inputs = [...(problem.base_input as unknown[]), ...(problem.plus_input as unknown[])]
  expect(inputs).toHaveLength(kata.tests.trimEnd().split('\n').length)
  const { answer, solution } = toInstruction(kata)
  expect(answer).toBe(wholeFunction(kata))
  expect(functionKeys(solution)).toEqual(functionKeys(answer))
  expect(solution).not.toContain('"""')
})

test('an endless attempt is recognised without waiting', () => {
  const [found] = evaluateKatas([
    {
      source: 'def f(n):\n    return n\n',
      calls: ['f(0)', 'f(1)'],
      attempts: ['def f(n):\n    while n:\n        pass\n    return n\n'],
    },
  ])
  expect(found?.attempts).toEqual([{ failing: [1], endless: true, unstable: false }])
})

test('a missing interpreter is named with the command that installs it', () => {
  expect(() => evaluateKatas([], 'no-such-python')).toThrow(/no-such-python does not start/)
})

function wholeFunction(kata: Kata): string {
  return kata.prompt + kata.canonicalSolution
}

function attempts(fault: KataFault): string[] {
  return [fault.solution, ...(fault.remaining ? attempts(fault.remaining) : [])]
}
