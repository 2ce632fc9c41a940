import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import { openFailure } from './open-failure.ts'

let folder: string
let problems: string
const out = () => join(folder, 'out')
const problem = (task_id: string, base: string, plus = '[]') =>
  `{"task_id": "${task_id}", "prompt": "def f(x):\\n", "entry_point": "f", "canonical_solution": "    return x\\n", "base_input": ${base}, "plus_input": ${plus}, "atol": 0}`
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-'))
  problems = join(folder, 'problems.jsonl')
  const lines = [
    problem('T/0', '[[1]]', '[[12345678901234567890], [Infinity]]'),
    problem('Mbpp/116', '[[[1, 2]]]'),
    problem('T/2', '[[1]]'),
    problem('T/3', '[[1]]'),
  ]
  await writeFile(problems, lines.join('\n'))
  const samples = join(folder, 'samples.jsonl')
  const programs: [string, string][] = [
    ['T/0', 'def f(x):\n    return x if x < 1e20 else "né😀"'],
    ['Mbpp/116', 'def f(x):\n    return list(x)'],
    ['T/2', 'def f(x) return x'],
    ['T/3', 'def f(x):\n    return x'],
    ['T/3', 'def f(x):\n    raise ValueError("no")'],
  ]
  await writeFile(
    samples,
    programs.map(([task_id, solution]) => JSON.stringify({ task_id, solution })).join('\n'),
  )
  await evaluate({ benchmark: problems, samples, out: out() })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function openAndRun(taskId: string, sample = 0) {
  const opened = await openFailure({ results: out(), taskId, sample, data: [] })
  const path = join(folder, opened.name)
  await writeFile(path, opened.content)
  const { status, stdout, stderr } = spawnSync('python3', [path], { encoding: 'utf8' })
  return { opened, status, stdout, stderr }
}

describe('openFailure', () => {
  it('shows the failing input, what was expected and what came', async () => {
    const { opened, status, stdout } = await openAndRun('T/0')
    expect(opened).toMatchObject({ name: 'T_0.py', set: 'plus', status: 'fail' })
    expect(opened.content.split('\n')[0]).toBe(
      '# T/0, sample 0: fail on the plus inputs at input 1',
    )
    expect(stdout).toBe("input    [inf]\nexpected inf\ngot      'né😀'\n")
    expect(status).toBe(1)
  })

  it('gives inputs the types that the judge gives them', async () => {
    expect((await openAndRun('Mbpp/116')).stdout).toBe(
      'input    [(1, 2)]\nexpected (1, 2)\ngot      [1, 2]\n',
    )
  })

  it('shows what a program raises, or that it does not load', async () => {
    expect((await openAndRun('T/3', 1)).stderr).toMatch(/ValueError: no\n$/)
    const { stderr, opened } = await openAndRun('T/2')
    expect(stderr).toMatch(/SyntaxError: expected ':'\n$/)
    expect(opened.content).toMatch(/^# T\/2, sample 0: fail on the base inputs\n# SyntaxError/)
  })

  it('refuses tasks that pass or are not there, and problems that changed', async () => {
    const open = (taskId: string, sample = 0) =>
      openFailure({ results: out(), taskId, sample, data: [] })
    await expect(open('T/3')).rejects.toMatchObject({
      code: 'RC_TASK_PASSED',
      status: 2,
      hint: 'Failing tasks are T/0, Mbpp/116, T/2, T/3.',
    })
    await expect(open('T/4')).rejects.toMatchObject({ code: 'RC_UNKNOWN_TASK', status: 2 })
    await expect(open('T/3', 2)).rejects.toMatchObject({
      code: 'RC_UNKNOWN_TASK',
      hint: 'Give --sample from 0 to 1.',
    })
    await writeFile(problems, problem('T/0', '[[1]]'))
    await expect(open('T/0')).rejects.toMatchObject({ code: 'RC_RESULTS_DIFFER', status: 2 })
    const results = join(folder, 'nothing')
    await expect(
      openFailure({ results, taskId: 'T/0', sample: 0, data: [] }),
    ).rejects.toMatchObject({ code: 'RC_NOT_EVALUATED' })
  })
})
