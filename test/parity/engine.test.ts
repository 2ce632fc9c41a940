import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../src/core/index.ts'
import { computeObjective } from '../../src/stages/train/index.ts'
import {
  type Case,
  type CaseFile,
  ids,
  randomPlainTokens,
  randomReflectionTokens,
  reflectionSample,
  strategyCases,
} from './cases.ts'
import { expectClose, norm, readTensors, relativeError } from './compare.ts'
import { writePlanFolder } from './plan-folder.ts'
import { describeParity, runPython } from './python.ts'

const vocabulary = 300

const parts = {
  teacher: { teacherCrossEntropy: 1, studentCrossEntropy: 0, klDivergence: 0 },
  student: { teacherCrossEntropy: 0, studentCrossEntropy: 1, klDivergence: 0 },
  kl: { teacherCrossEntropy: 0, studentCrossEntropy: 0, klDivergence: 1 },
  total: { teacherCrossEntropy: 1, studentCrossEntropy: 1, klDivergence: 1 },
} as const
type Part = keyof typeof parts

const means = [
  'crossEntropy',
  'teacherCrossEntropy',
  'studentCrossEntropy',
  'klDivergence',
] as const

const models = {
  tied: ['--layers', '2', '--tied', '--seed', '1'],
  untied: ['--layers', '3', '--heads', '4', '--kv-heads', '1', '--seed', '2'],
} as const

interface Reference {
  name: string
  contributions: Record<Part, number>
  crossEntropy: number
  teacherCrossEntropy: number | null
  studentCrossEntropy: number | null
  klDivergence: number | null
}

describeParity('the embedded engine and transformers in fp32', () => {
  describe.each(['tied', 'untied'] as const)('%s embeddings', (kind) => {
    const cases =
      kind === 'tied'
        ? [...strategyCases(vocabulary), ...batchCases()]
        : batchCases().map((each) => ({ ...each, temperature: 2 }))
    let folder: string
    let references: Reference[]

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'rc-parity-'))
      references = await prepare(folder, models[kind], cases)
    }, 300_000)
    afterAll(() => rm(folder, { recursive: true, force: true }))

    it.each(cases.map(({ name }, step) => ({ name, step })))(
      'agree on losses and gradients of $name',
      async ({ name, step }) => {
        const reference = references[step]!
        const total = await readTensors(join(folder, `reference/${name}.total.safetensors`))
        for (const part of Object.keys(parts) as Part[]) {
          const result = await computeObjective({
            model: join(folder, 'model'),
            plan: join(folder, 'plan'),
            step,
            factors: parts[part],
          })
          expectClose(result.loss, reference.contributions[part], `${part} loss`)
          for (const mean of means) expectClose(result[mean], reference[mean], mean)
          const expected = await readTensors(join(folder, `reference/${name}.${part}.safetensors`))
          expect([...result.gradients.keys()].sort()).toEqual([...expected.keys()].sort())
          for (const [parameter, gradient] of expected) {
            const error = relativeError(
              result.gradients.get(parameter)!.data,
              gradient,
              (part === 'kl' ? 1e-2 : 0) * norm(total.get(parameter)!),
            )
            expect(error, `gradient of ${part} by ${parameter}`).toBeLessThan(1e-5)
          }
        }
      },
    )
  })
})

/** Several samples a micro-batch, several micro-batches a step, plain samples, other weights. */
function batchCases(): Case[] {
  const random = createRandom(2)
  const reflection = (strategy: 'block-type' | 'random-token' | 'all', rate: number) =>
    reflectionSample(randomReflectionTokens(random, vocabulary), strategy, rate, random)
  const plain = () => ({ tokens: randomPlainTokens(random, vocabulary), type: 'generation' })
  return [
    { name: 'plain', microBatches: [[plain(), plain()]] },
    {
      name: 'batched',
      microBatches: [[reflection('block-type', 0.5), reflection('random-token', 0.5)]],
    },
    {
      name: 'accumulated',
      distillWeight: 0.5,
      microBatches: [
        [reflection('all', 1)],
        [plain(), plain()],
        [reflection('random-token', 1), reflection('block-type', 1)],
      ],
    },
  ]
}

async function prepare(folder: string, model: readonly string[], cases: Case[]) {
  const file: CaseFile = { ...ids, cases }
  const path = (name: string) => join(folder, name)
  await writeFile(path('cases.json'), JSON.stringify(file))
  const size = ['--hidden', '32', '--vocab', String(vocabulary), '--tokenizer']
  await runPython('make_model.py', ['--out', path('model'), ...size, ...model])
  const input = ['--cases', path('cases.json')]
  await runPython('reference.py', ['views', ...input, '--out', path('views.json')])
  const views = JSON.parse(await readFile(path('views.json'), 'utf8'))
  await writePlanFolder(path('plan'), file, { vocabularySize: vocabulary, views })
  const output = ['--model', path('model'), '--out', path('reference')]
  await runPython('reference.py', ['objective', ...input, ...output])
  return JSON.parse(await readFile(path('reference/results.json'), 'utf8')) as Reference[]
}
