import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluate, readVerdicts, type SampleVerdict } from '../../src/stages/eval/index.ts'
import { judgedProgram, judgedPrograms, ordinaryProgram } from './judged-programs.ts'

let folder: string
let verdicts: SampleVerdict[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hostile-judged-'))
  const [head = '', ...body] = judgedProgram.reference.split('\n')
  const problem = {
    task_id: 'Hostile/0',
    prompt: `${head}\n`,
    canonical_solution: body.join('\n'),
    entry_point: 'f',
    base_input: judgedProgram.inputs,
    plus_input: [],
    atol: 0,
  }
  // An ordinary program before and after each hostile one.
  const solutions = [
    ordinaryProgram(0),
    ...judgedPrograms.flatMap(({ source }, index) => [source, ordinaryProgram(index + 1)]),
  ]
  const samples = solutions.map((solution) => JSON.stringify({ task_id: 'Hostile/0', solution }))
  await writeFile(join(folder, 'problems.jsonl'), JSON.stringify(problem))
  await writeFile(join(folder, 'samples.jsonl'), samples.join('\n'))
  const out = join(folder, 'out')
  await evaluate({
    problems: join(folder, 'problems.jsonl'),
    samples: join(folder, 'samples.jsonl'),
    out,
    minTimeLimit: 0.3,
    totalTimeLimit: 1,
    memoryMib: 1024,
  })
  verdicts = await readVerdicts(out)
}, 180_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('a judged program that tries to be judged better than it is', () => {
  it.each(judgedPrograms.map((program, index) => [program.title, program, index] as const))(
    '%s',
    (_, { status }, index) => {
      const verdict = verdicts[2 * index + 1]
      expect([status].flat(), JSON.stringify(verdict)).toContain(verdict?.base.status)
    },
  )

  it('changes no verdict of the ordinary programs between', () => {
    const ordinary = verdicts.filter((_, index) => index % 2 === 0)
    expect(ordinary).toHaveLength(judgedPrograms.length + 1)
    expect(ordinary.map(({ base }) => base.status)).toEqual(ordinary.map(() => 'pass'))
  })
})
