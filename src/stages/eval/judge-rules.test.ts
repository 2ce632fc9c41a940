import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import { readVerdicts } from './read-verdicts.ts'

/**
 * Problems and samples that meet the rules of EvalPlus, and what EvalPlus says of each sample
 * (base/plus): scripts/make-rule-samples.py.
 */
const fixture = (set: string, part: string) =>
  join(import.meta.dirname, '__fixtures__/rules', `${set}-${part}.jsonl`)

async function lines(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '')
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rules-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Samples whose statuses are not EvalPlus's, with both. */
async function differences(set: string, strictIdentical: boolean): Promise<string[]> {
  const out = join(folder, `${set}-${strictIdentical}`)
  await evaluate({
    problems: fixture(set, 'problems'),
    samples: fixture(set, 'samples'),
    out,
    minTimeLimit: 1,
    strictIdentical,
  })
  const ours = new Map<string, string[]>()
  for (const { taskId, base, plus } of await readVerdicts(out)) {
    const statuses = ours.get(taskId) ?? []
    ours.set(taskId, [...statuses, `${base.status}/${plus?.status ?? null}`])
  }
  const programs = new Map<string, string[]>()
  for (const line of await lines(fixture(set, 'samples'))) {
    const { task_id: taskId, solution, completion } = JSON.parse(line)
    programs.set(taskId, [...(programs.get(taskId) ?? []), solution ?? completion])
  }
  const theirs: { task_id: string; verdicts: string[] }[] = (
    await lines(fixture(set, 'verdicts'))
  ).map((line) => JSON.parse(line))
  expect(theirs.map((each) => each.task_id)).toEqual([...ours.keys()])
  return theirs.flatMap(({ task_id: taskId, verdicts }) =>
    verdicts.flatMap((verdict, index) => {
      const own = ours.get(taskId)?.[index]
      if (own === verdict) return []
      return [`${taskId} ${own} for ${verdict}: ${programs.get(taskId)?.[index]}`]
    }),
  )
}

/** Objects that equal wrong values too: they pass in EvalPlus, by what decides it. */
const refused = [
  "lambda s, o: o != o})('nan')",
  'return True\n    def __hash__',
  'return [0]\n    def __hash__',
  'return isinstance(other, int)\n    def __hash__',
]

describe.each(['humaneval', 'mbpp'])('rules of EvalPlus, %s', { timeout: 300_000 }, (set) => {
  it('gives the statuses that EvalPlus gives, except to objects that equal everything', async () => {
    const found = await differences(set, false)
    const isRefusal = (text: string) =>
      text.includes(' fail/fail for pass/pass: ') && refused.some((each) => text.includes(each))
    expect(found.filter((each) => !isRefusal(each))).toEqual([])
    expect(found).toHaveLength(set === 'humaneval' ? refused.length : 0)
  })

  it('gives all of them comparing within the program', async () => {
    expect(await differences(set, true)).toEqual([])
  })
})
