import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../src/core/index.ts'
import { createDecoder, loadModel } from '../../src/nn/models/index.ts'
import { computeObjective } from '../../src/stages/train/index.ts'
import { type Case, type CaseFile, ids, randomReflectionTokens, reflectionSample } from './cases.ts'
import { expectClose, norm, readTensors, relativeError } from './compare.ts'
import { writePlanFolder } from './plan-folder.ts'
import { describeParity, runPython } from './python.ts'

const vocabulary = 300

/** Samples have 40 to 90 tokens, so that windows of 8 and 24 original positions matter. */
const variants: {
  name: string
  architecture: string
  config?: object
  rope?: object
  more?: string[]
}[] = [
  { name: 'Llama 2', architecture: 'llama' },
  { name: 'CodeLlama (another base)', architecture: 'llama', more: ['--rope-theta', '1000000'] },
  {
    name: 'DeepSeek-Coder (linear scaling)',
    architecture: 'llama',
    rope: { rope_type: 'linear', factor: 4 },
  },
  {
    name: 'Llama (dynamic scaling)',
    architecture: 'llama',
    rope: { rope_type: 'dynamic', factor: 2 },
    more: ['--max-positions', '24'],
  },
  {
    name: 'Llama 3 (llama3 scaling, tied)',
    architecture: 'llama',
    rope: {
      rope_type: 'llama3',
      rope_theta: 100,
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 64,
    },
    more: ['--tied', '--kv-heads', '1'],
  },
  { name: 'Mistral (sliding window)', architecture: 'mistral', config: { sliding_window: 8 } },
  {
    name: 'Mistral (own head size)',
    architecture: 'mistral',
    config: { head_dim: 12, sliding_window: null },
  },
  { name: 'Qwen 2.5 (biases, tied)', architecture: 'qwen2', more: ['--tied'] },
  {
    name: 'Qwen 2 (sliding window from the second layer on)',
    architecture: 'qwen2',
    config: { use_sliding_window: true, sliding_window: 8, max_window_layers: 1 },
  },
  {
    name: 'Qwen 3 (norms of queries and keys, own head size, tied)',
    architecture: 'qwen3',
    config: { head_dim: 24 },
    more: ['--tied'],
  },
  {
    name: 'Qwen 3 (yarn)',
    architecture: 'qwen3',
    config: { head_dim: 16 },
    rope: { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 32 },
  },
]

interface Reference {
  contributions: { total: number }
  crossEntropy: number
  teacherCrossEntropy: number | null
  studentCrossEntropy: number | null
  klDivergence: number | null
}

describeParity('each architecture on the embedded engine and in transformers, fp32', () => {
  const cases = sampleCases()
  let folder: string
  const at = (index: number, name: string) => join(folder, `${index}`, name)

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rc-architectures-'))
    const path = (name: string) => join(folder, name)
    const file: CaseFile = { ...ids, cases }
    await writeFile(path('cases.json'), JSON.stringify(file))
    const made = variants.map(({ architecture, config = {}, rope = {}, more = [] }, index) => [
      ...['--out', at(index, 'model'), '--architecture', architecture, '--hidden', '32'],
      ...[
        '--vocab',
        String(vocabulary),
        '--seed',
        String(index),
        '--config',
        JSON.stringify(config),
      ],
      ...['--rope', JSON.stringify(rope), ...more],
    ])
    await writeFile(path('models.json'), JSON.stringify(made))
    await runPython('make_model.py', ['--many', path('models.json')])
    const input = ['--cases', path('cases.json')]
    await runPython('reference.py', ['views', ...input, '--out', path('views.json')])
    const views = JSON.parse(await readFile(path('views.json'), 'utf8'))
    await writePlanFolder(path('plan'), file, { vocabularySize: vocabulary, views })
    const folders = variants.map((_, index) => at(index, 'model'))
    const outs = variants.map((_, index) => at(index, 'reference'))
    await runPython('reference.py', [
      'objective',
      ...input,
      '--model',
      ...folders,
      '--out',
      ...outs,
    ])
  }, 300_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  describe.each(variants.map(({ name }, index) => ({ name, index })))('$name', ({ index }) => {
    it.each(['keep', 'recompute'] as const)(
      'agree on losses and every gradient, activations: %s',
      async (activations) => {
        const references: Reference[] = JSON.parse(
          await readFile(at(index, 'reference/results.json'), 'utf8'),
        )
        for (const [step, { name }] of cases.entries()) {
          const [model, plan] = [at(index, 'model'), join(folder, 'plan')]
          const result = await computeObjective({ model, plan, step, activations })
          const reference = references[step]!
          expectClose(result.loss, reference.contributions.total, 'loss')
          expectClose(result.crossEntropy, reference.crossEntropy, 'crossEntropy')
          expectClose(result.klDivergence, reference.klDivergence, 'klDivergence')
          expectClose(result.studentCrossEntropy, reference.studentCrossEntropy, 'student')
          const expected = await readTensors(at(index, `reference/${name}.total.safetensors`))
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

    it('agree on the logits that generation reads', async () => {
      const model = await loadModel(at(index, 'model'))
      const decoder = createDecoder(model)
      const tokens = Int32Array.from(cases[0]!.microBatches[0]![0]!.tokens)
      const positions = tokens.map((_, position) => position)
      const hidden = await decoder.forward({
        tokens,
        positions,
        rows: [{ start: 0, length: tokens.length }],
      })
      const found = await decoder.logits(hidden)
      await decoder.dispose()
      const expected = await readTensors(at(index, 'reference/logits.safetensors'))
      expect(relativeError(found, expected.get('logits')!)).toBeLessThan(5e-6)
    })
  })
})

/** One sample a micro-batch: with dynamic scaling transformers takes the length of the longest. */
function sampleCases(): Case[] {
  const random = createRandom(9)
  const sample = (strategy: 'block-type' | 'random-token' | 'all', rate: number) =>
    reflectionSample(randomReflectionTokens(random, vocabulary), strategy, rate, random)
  return [
    { name: 'first', microBatches: [[sample('block-type', 0.5)]] },
    {
      name: 'second',
      distillWeight: 0.5,
      microBatches: [[sample('random-token', 0.5)], [sample('all', 1)]],
    },
  ]
}
