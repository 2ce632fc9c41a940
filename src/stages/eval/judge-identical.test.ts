import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import { readVerdicts } from './read-verdicts.ts'
import type { SampleVerdict, Status } from './verdicts.ts'

/** What EvalPlus says of programs that attack it, and of some that do not. */
const programs: { title: string; source: string; status: Status }[] = [
  { title: 'right', source: 'def f(x):\n    return [x * 7919 + 1]\n', status: 'pass' },
  { title: 'wrong', source: 'def f(x):\n    return [x]\n', status: 'fail' },
  {
    title: 'within the tolerance',
    source: 'def f(x):\n    return [x * 7919 + 1.01]\n',
    status: 'pass',
  },
  {
    title: 'a tuple within the tolerance',
    source: 'def f(x):\n    return (x * 7919 + 1.01,)\n',
    status: 'fail',
  },
  { title: 'does not load', source: 'def f(x:\n', status: 'fail' },
  { title: 'is not there', source: 'def g(x):\n    return x\n', status: 'fail' },
  {
    title: 'an object equal to everything',
    source:
      'class A:\n    def __eq__(self, other):\n        return True\ndef f(x):\n    return A()\n',
    status: 'pass',
  },
  {
    title: 'a patched numpy.allclose',
    source: 'import numpy\nnumpy.allclose = lambda *_, **__: True\ndef f(x):\n    return [x]\n',
    status: 'pass',
  },
  {
    title: 'reads what is expected from the frames below',
    source: [
      'import sys',
      'def f(x):',
      '    frame = sys._getframe()',
      '    while "expected" not in frame.f_locals:',
      '        frame = frame.f_back',
      '    return frame.f_locals["expected"][frame.f_locals["i"]]',
      '',
    ].join('\n'),
    status: 'pass',
  },
  {
    title: 'loops for ever',
    source: 'def f(x):\n    while True:\n        pass\n',
    status: 'fail',
  },
  { title: 'ends at once', source: 'import os\ndef f(x):\n    os._exit(0)\n', status: 'timeout' },
  {
    title: 'a depth that just fits',
    source: 'def f(x, n=967):\n    return [x * 7919 + 1] if n == 0 else f(x, n - 1)\n',
    status: 'pass',
  },
  {
    title: 'a depth that does not fit',
    source: 'def f(x, n=971):\n    return [x * 7919 + 1] if n == 0 else f(x, n - 1)\n',
    status: 'fail',
  },
]

let folder: string
let verdicts: SampleVerdict[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'identical-'))
  const problem = {
    task_id: 'Identical/0',
    prompt: 'def f(x):\n',
    canonical_solution: '    return [x * 7919 + 1]\n',
    entry_point: 'f',
    base_input: [[1], [2]],
    plus_input: [[3]],
    atol: 0.1,
  }
  const samples = programs.map(({ source }) =>
    JSON.stringify({ task_id: 'Identical/0', solution: source }),
  )
  await writeFile(join(folder, 'problems.jsonl'), JSON.stringify(problem))
  await writeFile(join(folder, 'samples.jsonl'), samples.join('\n'))
  const out = join(folder, 'out')
  await evaluate({
    problems: join(folder, 'problems.jsonl'),
    samples: join(folder, 'samples.jsonl'),
    out,
    strictIdentical: true,
    minTimeLimit: 0.5,
    totalTimeLimit: 2,
  })
  verdicts = await readVerdicts(out)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('judging within the program, as EvalPlus does', () => {
  it.each(programs.map(({ title, status }, index) => [title, status, index] as const))(
    '%s',
    (_, status, index) => {
      const { base, plus } = verdicts[index] as SampleVerdict
      expect([base.status, plus?.status], JSON.stringify(base)).toEqual([status, status])
    },
  )
})
