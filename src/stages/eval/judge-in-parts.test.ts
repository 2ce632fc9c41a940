import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import { joinParts } from './judge-in-parts.ts'
import { readVerdicts } from './read-verdicts.ts'
import type { SampleVerdict, SetVerdict } from './verdicts.ts'

/** Each call works for a while; the reference returns a float once, so that later ones may be near. */
const slow = (result: string, before = '') => `${before}
def f(x):
    total = 0
    for i in range(6000000):
        total += i
    return ${result}
`
const programs = {
  right: slow('x + 0.5 if x == 1 else x * 100000000'),
  'near, after a float': slow('x + 0.5 if x == 1 else x * 100000000 + (x == 11)'),
  'wrong near the end': slow('x + 0.5 if x == 1 else -1 if x == 11 else x * 100000000'),
  'raises near the end': slow('x + 0.5 if x == 1 else 1 // (11 - x) * 0 + x * 100000000'),
  'counts its calls': slow(
    'x + 0.5 if x == 1 else x * 100000000 if count() == x else -1',
    'calls = [1]\ndef count():\n    calls[0] += 1\n    return calls[0]\n',
  ),
}

let folder: string
const verdicts = new Map<number, SampleVerdict[]>()
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parts-'))
  const problem = {
    task_id: 'Parts/0',
    prompt: 'def f(x):\n',
    canonical_solution: '    return x + 0.5 if x == 1 else x * 100000000\n',
    entry_point: 'f',
    base_input: [[1]],
    plus_input: Array.from({ length: 12 }, (_, index) => [index + 1]),
    atol: 0,
  }
  const samples = Object.values(programs).map((solution) =>
    JSON.stringify({ task_id: 'Parts/0', solution }),
  )
  await writeFile(join(folder, 'problems.jsonl'), JSON.stringify(problem))
  await writeFile(join(folder, 'samples.jsonl'), samples.join('\n'))
  for (const workers of [1, 2]) {
    const out = join(folder, `out-${workers}`)
    const problems = join(folder, 'problems.jsonl')
    const samples = join(folder, 'samples.jsonl')
    await evaluate({ problems, samples, out, workers })
    verdicts.set(workers, await readVerdicts(out))
  }
}, 180_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('judging a long set in parts', () => {
  it.each(Object.keys(programs).map((title, index) => [title, index] as const))(
    'says of a program that is %s what one process says',
    (_, index) => {
      const [whole, parts] = [1, 2].map((workers) => {
        const plus = verdicts.get(workers)?.[index]?.plus as SetVerdict
        const { status, finished, inputs, failTests, failure } = plus
        return { status, finished, inputs, failTests, failure }
      })
      expect(parts).toEqual(whole)
    },
  )

  it('judges as the rules want', () => {
    const statuses = verdicts.get(2)?.map(({ plus }) => plus?.status)
    expect(statuses).toEqual(['pass', 'pass', 'fail', 'fail', 'pass'])
  })
})

describe('joinParts', () => {
  const set = (more: Partial<SetVerdict>): SetVerdict => ({
    status: 'pass',
    finished: 5,
    inputs: 5,
    load: 0.1,
    seconds: 1,
    failTests: [],
    ...more,
  })
  const first = set({ status: 'timeout', finished: 2, inputs: 12 })
  const limits = { minTimeLimit: 4, totalTimeLimit: 60 }

  it('adds up parts that pass', () => {
    const joined = joinParts(first, [set({ load: 0.3 }), set({})], limits)
    expect(joined).toEqual(set({ finished: 12, inputs: 12, load: 0.3, seconds: 3 }))
  })

  it('ends at the first part that fails', () => {
    const failed = set({ status: 'fail', finished: 3, failTests: ['[7]'] })
    const joined = joinParts(first, [failed, set({ status: 'fail' })], limits)
    expect(joined).toMatchObject({ status: 'fail', finished: 5, inputs: 12, failTests: ['[7]'] })
  })

  it.each([
    ['a part is missing', [set({}), undefined]],
    ['a part ended before its first input', [set({ status: 'timeout', finished: 0 })]],
    [
      'the parts together exceed the limit of the set',
      [set({ seconds: 40 }), set({ seconds: 20 })],
    ],
    ['the sandbox failed', [set({ status: 'infra-error' })]],
    ['inputs are left', [set({})]],
  ])('cannot tell when %s', (_, parts) => {
    expect(joinParts(first, parts, limits)).toBeUndefined()
  })
})
