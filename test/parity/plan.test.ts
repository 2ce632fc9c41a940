import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRandom, type Random, silentProgress } from '../../src/core/index.ts'
import { createPlan, planOptionsSchema } from '../../src/stages/plan/index.ts'
import { rates, strategies } from './cases.ts'
import { describeParity, runPython } from './python.ts'

interface PlanReport {
  rows: Record<'teacher' | 'student' | 'plain', number>
  strategies: Record<string, number>
  rates: number[]
  problems: string[]
}

const tokenizers = {
  'a tokenizer that has the special tokens': [],
  'a tokenizer that lacks them': ['--no-special'],
  'a tokenizer without BOS': ['--no-bos', '--no-special'],
}

describeParity('the planner and the transcription of the published code', () => {
  const planned = Object.keys(tokenizers).flatMap((tokenizer) =>
    [...rates, undefined].map((maskRate) => ({ tokenizer, maskRate })),
  )
  let folder: string
  let reports: PlanReport[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rc-plan-parity-'))
    const dialogs = join(folder, 'dialogs.jsonl')
    await writeFile(
      dialogs,
      randomDialogs(72)
        .map((d) => `${JSON.stringify(d)}\n`)
        .join(''),
    )
    const model = (tokenizer: string) =>
      join(folder, String(Object.keys(tokenizers).indexOf(tokenizer)))
    for (const [name, flags] of Object.entries(tokenizers)) {
      await runPython('make_model.py', ['--out', model(name), '--tokenizer', ...flags])
    }
    const plans: string[] = []
    for (const { tokenizer, maskRate } of planned) {
      const out = join(folder, `plan-${plans.length}`)
      const options = {
        ...{ data: [dialogs], model: model(tokenizer), out, mask: [...strategies] },
        ...{ sequencesPerStep: 8, microBatchSize: 2, klWeight: 0.5, epochs: 2 },
        ...(maskRate === undefined ? {} : { maskRate }),
      }
      await createPlan(planOptionsSchema.parse(options), { progress: silentProgress })
      plans.push(out)
    }
    const models = planned.map(({ tokenizer }) => model(tokenizer))
    const input = ['--dialogs', dialogs, '--model', ...models]
    reports = JSON.parse(await runPython('check_plan.py', ['--plan', ...plans, ...input]))
  }, 300_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.each(planned.map((plan, index) => ({ ...plan, rate: plan.maskRate ?? 'rising', index })))(
    'agree on tokens, labels, masks and scales with $tokenizer at mask rate $rate',
    ({ index, maskRate }) => {
      const { rows, strategies: drawn, rates: found, problems } = reports[index]!
      expect(problems).toEqual([])
      expect(Object.keys(drawn).sort()).toEqual([...strategies].sort())
      expect(rows.student).toBe(rows.teacher)
      expect(rows.plain).toBeGreaterThan(0)
      if (maskRate === undefined) expect(found.at(-1)).toBe(1)
      else expect(new Set(found)).toEqual(new Set([maskRate]))
    },
  )
})

/** Dialogs with two to five blocks of any type in the reflection; every sixth is plain. */
function randomDialogs(count: number) {
  const random = createRandom(4)
  return Array.from({ length: count }, (_, index) => {
    const block = (type: string) => ({ type, content: randomText(random) })
    const user = () => ({ role: 'user', content: [block('text')] })
    const assistant = (types: string[]) => ({ role: 'assistant', content: types.map(block) })
    const reflection = Array.from({ length: 2 + random.integer(4) }, () =>
      random.pick(['text', 'code', 'execution']),
    )
    return index % 6 === 0
      ? { messages: [user(), assistant(['text'])], type: 'generation' }
      : {
          messages: [user(), assistant(reflection), user(), assistant(['text', 'code'])],
          type: 'reflection',
        }
  })
}

function randomText(random: Random): string {
  const words = [
    'def add(first):\n',
    '    return',
    ' first',
    'é',
    ' 漢字',
    '<|text',
    '\n\n',
    ' 12 ',
  ]
  return Array.from({ length: 1 + random.integer(8) }, () => random.pick(words)).join('')
}
