import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Dialog } from '../../../data/dialog/index.ts'
import { createSandbox, type Sandbox } from '../../../sandbox/index.ts'
import { type Decontamination, openDecontamination } from './decontaminate.ts'

const problems = [
  {
    task_id: 'Own/0',
    entry_point: 'mirror_sum',
    prompt:
      'def mirror_sum(xs):\n    """Return the list in which every number is added to the one that stands opposite to it.\n    >>> mirror_sum([1, 2])\n    [3, 3]\n    """\n',
    canonical_solution: '    return [a + b for a, b in zip(xs, reversed(xs))]\n',
    base_input: [[[1, 2]], [[]], [[1, 5, 7]], [[0.5, 1]]],
    plus_input: [[[3]], [[1, 1, 1, 2]]],
  },
  {
    task_id: 'Own/1',
    entry_point: 'is_odd',
    prompt: 'def is_odd(n):\n    """Tell whether n is odd."""\n',
    canonical_solution: '    return n % 2 == 1\n',
    base_input: [[1], [3], [5]],
  },
]

let folder: string
let sandbox: Sandbox
let gate: Decontamination
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gate-'))
  const file = join(folder, 'own.jsonl')
  await writeFile(file, problems.map((problem) => `${JSON.stringify(problem)}\n`).join(''))
  sandbox = await createSandbox({ workers: 1 })
  const options = { decontaminate: [file], data: undefined, gram: 8 }
  gate = (await openDecontamination(options, sandbox)) as Decontamination
})
afterAll(async () => {
  await gate.dispose()
  await sandbox.dispose()
  await rm(folder, { recursive: true })
})

const message = (role: 'user' | 'assistant', content: string) => ({
  role,
  content: [{ type: 'text' as const, content }],
})
const dialogOf = (question: string, code: string): Dialog => ({
  messages: [
    message('user', 'x'),
    message('assistant', 'y'),
    message('user', question),
    message('assistant', `\`\`\`python\n${code}\n\`\`\``),
  ],
  type: 'reflection',
})

describe('decontamination', () => {
  it('finds a question that shares a run of words', async () => {
    const question = 'Give back the list in which every number is added to the one beside it.'
    expect(await gate.check(dialogOf(question, 'x = 1'))).toEqual({
      reason: 'benchmark-text',
      detail: 'Own/0',
    })
  })

  it('finds code that solves a task, whatever it is called and however it is written', async () => {
    const code =
      'def helper(values, at):\n    return values[at] + values[-1 - at]\n\ndef fold(values):\n    out = []\n    for at in range(len(values)):\n        out.append(helper(values, at))\n    return tuple(out)'
    expect(await gate.check(dialogOf('Fold a list onto itself.', code))).toEqual({
      reason: 'benchmark-solution',
      detail: 'Own/0',
    })
  })

  it.each([
    ['another function', 'def fold(values):\n    return [2 * v for v in values]'],
    ['a constant that a task of equal answers would accept', 'def yes(n):\n    return True'],
    ['code that never ends', 'def fold(values):\n    while True: pass'],
    ['code that breaks out', 'import os\nos._exit(0)'],
    ['no function', 'print(1)'],
  ])('lets %s through', async (_, code) => {
    expect(await gate.check(dialogOf('Something else.', code))).toBeUndefined()
  })
})
