import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../src/core/index.ts'
import {
  applyAdapter,
  createAdapter,
  createDecoder,
  loadModel,
  type Model,
  writeAdapter,
} from '../../src/nn/models/index.ts'
import { computeObjective } from '../../src/stages/train/index.ts'
import { type Case, type CaseFile, ids, randomReflectionTokens, reflectionSample } from './cases.ts'
import { expectClose, norm, readTensors, relativeError } from './compare.ts'
import { writePlanFolder } from './plan-folder.ts'
import { describeParity, runPython } from './python.ts'

const vocabulary = 300
const variants = [
  { name: 'Qwen 2, tied', more: ['--architecture', 'qwen2', '--tied'] },
  { name: 'Llama, untied', more: ['--architecture', 'llama'] },
]

interface Reference {
  contributions: { total: number }
  klDivergence: number | null
}

describeParity('adapters and peft', () => {
  const cases = sampleCases()
  const tokens = Int32Array.from(cases[0]!.microBatches[0]![0]!.tokens)
  let folder: string
  const at = (index: number, name: string) => join(folder, `${index}`, name)
  const run = (mode: string) =>
    runPython('adapters.py', [
      ...[mode, '--cases', join(folder, 'cases.json'), '--model'],
      ...variants.map((_, index) => at(index, 'model')),
      ...['--out', ...variants.map((_, index) => join(folder, `${index}`))],
    ])

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rc-adapters-'))
    const path = (name: string) => join(folder, name)
    const file: CaseFile = { ...ids, cases }
    await writeFile(path('cases.json'), JSON.stringify(file))
    const made = variants.map(({ more }, index) => [
      ...['--out', at(index, 'model'), '--hidden', '32', '--vocab', String(vocabulary)],
      ...['--seed', String(index), ...more],
    ])
    await writeFile(path('models.json'), JSON.stringify(made))
    await runPython('make_model.py', ['--many', path('models.json')])
    const views = ['views', '--cases', path('cases.json'), '--out', path('views.json')]
    await runPython('reference.py', views)
    await writePlanFolder(path('plan'), file, {
      vocabularySize: vocabulary,
      views: JSON.parse(await readFile(path('views.json'), 'utf8')),
    })
    await run('make')
    for (const index of variants.keys()) await writeOwn(at(index, 'model'), at(index, 'ours'))
    await run('read')
  }, 300_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  describe.each(variants.map(({ name }, index) => ({ name, index })))('$name', ({ index }) => {
    it.each(['keep', 'recompute'] as const)(
      'agree on losses and every gradient of an adapter of peft, activations: %s',
      async (activations) => {
        const text = await readFile(at(index, 'results.json'), 'utf8')
        const references: Reference[] = JSON.parse(text)
        const paths = { model: at(index, 'model'), adapter: at(index, 'peft') }
        for (const [step, { name }] of cases.entries()) {
          const plan = join(folder, 'plan')
          const result = await computeObjective({ ...paths, plan, step, activations })
          expectClose(result.loss, references[step]!.contributions.total, 'loss')
          expectClose(result.klDivergence, references[step]!.klDivergence, 'klDivergence')
          const found = await readTensors(at(index, `${name}.total.safetensors`))
          const expected = new Map(
            [...found].map(([key, value]) => [key.replace('.default', ''), value]),
          )
          expect([...result.gradients.keys()].sort()).toEqual([...expected.keys()].sort())
          for (const [parameter, gradient] of expected) {
            expect(norm(gradient), `${parameter} has a gradient`).toBeGreaterThan(0)
            const error = relativeError(result.gradients.get(parameter)!.data, gradient)
            // float32 sums of some hundred terms in another order
            expect(error, `gradient of ${name} by ${parameter}`).toBeLessThan(1e-5)
          }
        }
      },
    )

    it('agree on the logits after merging', async () => {
      const model = await applyAdapter(await loadModel(at(index, 'model')), at(index, 'peft'))
      const expected = await readTensors(at(index, 'merged.safetensors'))
      const error = relativeError(await logitsOf(model, tokens), expected.get('logits')!)
      expect(error).toBeLessThan(5e-6)
    })

    it('agree on the logits of an adapter written here', async () => {
      const model = await applyAdapter(await loadModel(at(index, 'model')), at(index, 'ours'))
      const expected = await readTensors(at(index, 'ours.safetensors'))
      const error = relativeError(await logitsOf(model, tokens), expected.get('logits')!)
      expect(error).toBeLessThan(5e-6)
    })
  })
})

/** An adapter of this project with values that are not zero. */
async function writeOwn(modelPath: string, out: string): Promise<void> {
  const model = await loadModel(modelPath)
  const targets = ['q_proj', 'o_proj', 'up_proj'] as const
  const shape = { rank: 3, alpha: 5, dropout: 0.1, targets, tokenIds: [2, 3, 4, 5, 6, 7, 8] }
  const adapter = createAdapter(model, shape, 1)
  const random = createRandom(2)
  for (const { data } of adapter.parameters.values()) {
    data.forEach((_, index) => {
      data[index] = 0.1 * random.normal()
    })
  }
  await writeAdapter(out, adapter, model, modelPath)
}

async function logitsOf(model: Model, tokens: Int32Array): Promise<Float32Array> {
  const decoder = createDecoder(model)
  const positions = tokens.map((_, position) => position)
  const rows = [{ start: 0, length: tokens.length }]
  const logits = await decoder.logits(await decoder.forward({ tokens, positions, rows }))
  await decoder.dispose()
  return logits
}

function sampleCases(): Case[] {
  const random = createRandom(11)
  const sample = (strategy: 'block-type' | 'random-token', rate: number) =>
    reflectionSample(randomReflectionTokens(random, vocabulary), strategy, rate, random)
  return [
    { name: 'first', microBatches: [[sample('block-type', 0.5)]] },
    {
      name: 'second',
      distillWeight: 0.5,
      microBatches: [[sample('random-token', 0.5), sample('block-type', 1)]],
    },
  ]
}
