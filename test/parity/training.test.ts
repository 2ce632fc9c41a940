import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRandom } from '../../src/core/index.ts'
import { loadTokenizer } from '../../src/nn/tokenizer/index.ts'
import { train, trainOptionsSchema } from '../../src/stages/train/index.ts'
import {
  type CaseFile,
  ids,
  randomPlainTokens,
  randomReflectionTokens,
  reflectionSample,
} from './cases.ts'
import { expectClose, norm, readTensors, relativeError } from './compare.ts'
import { writePlanFolder } from './plan-folder.ts'
import { describeParity, runPython } from './python.ts'

const vocabulary = 300
const steps = 8

interface ReferenceStep {
  loss: number
  gradientNorm: number
  learningRate: number
  plannedLearningRate: number
}

describeParity('training by the embedded engine and by torch', () => {
  let folder: string
  let reference: ReferenceStep[]
  let metrics: ReferenceStep[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rc-training-'))
    await writeInputs(folder)
    const [model, plan] = [join(folder, 'model'), join(folder, 'plan')]
    await runPython('reference_adamw.py', [
      ...['--model', model, '--plan', plan, '--out', join(folder, 'torch')],
    ])
    const out = join(folder, 'onnx')
    await train(trainOptionsSchema.parse({ model, plan, out, threads: 1 }))
    reference = JSON.parse(await readFile(join(folder, 'torch/steps.json'), 'utf8'))
    const lines = (await readFile(join(out, 'metrics.jsonl'), 'utf8')).trim().split('\n')
    metrics = lines.map((line) => JSON.parse(line))
  }, 300_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('follow the same losses, gradient norms and learning rates', () => {
    expect(metrics.length).toBe(steps)
    expect(reference.length).toBe(steps)
    metrics.forEach((step, index) => {
      expectClose(step.loss, reference[index]!.loss, `loss of step ${index}`, 1e-4)
      const expected = reference[index]!.gradientNorm
      expectClose(step.gradientNorm, expected, `gradient norm of step ${index}`, 1e-4)
      expect(step.learningRate).toBeCloseTo(reference[index]!.learningRate, 12)
    })
  })

  it('move every parameter to the same place', async () => {
    const before = await readTensors(join(folder, 'model/model.safetensors'))
    const expected = await readTensors(join(folder, 'torch/weights.safetensors'))
    const found = await readTensors(join(folder, 'onnx/model/model.safetensors'))
    expect([...found.keys()].sort()).toEqual([...expected.keys()].sort())
    for (const [name, weights] of expected) {
      const start = before.get(name)!
      const moved = norm(weights.map((value, index) => value - start[index]!))
      expect(moved, `way of ${name}`).toBeGreaterThan(0)
      const error = relativeError(found.get(name)!, weights) * (norm(weights) / moved)
      expect(error, `end of ${name}, relative to its way`).toBeLessThan(1e-3)
    }
  })
})

/** A tiny model and a plan with warm-up, weight decay and a clipping that bites. */
async function writeInputs(folder: string): Promise<void> {
  const path = (name: string) => join(folder, name)
  const random = createRandom(3)
  const reflection = (step: number) => {
    const tokens = randomReflectionTokens(random, vocabulary)
    return reflectionSample(tokens, 'block-type', (step + 1) / steps, random)
  }
  const plain = () => ({ tokens: randomPlainTokens(random, vocabulary), type: 'generation' })
  const cases = Array.from({ length: steps }, (_, step) => ({
    name: `step-${step}`,
    microBatches: [[reflection(step), reflection(step)], [plain()]],
  }))
  const file: CaseFile = { ...ids, cases }
  await writeFile(path('cases.json'), JSON.stringify(file))
  const shape = ['--layers', '2', '--hidden', '32', '--vocab', String(vocabulary), '--tied']
  await runPython('make_model.py', ['--out', path('model'), ...shape, '--tokenizer'])
  const views = ['--cases', path('cases.json'), '--out', path('views.json')]
  await runPython('reference.py', ['views', ...views])
  const tokenizer = await loadTokenizer(path('model'))
  expect(tokenizer.size).toBe(vocabulary)
  await writePlanFolder(path('plan'), file, {
    vocabularySize: vocabulary,
    views: JSON.parse(await readFile(path('views.json'), 'utf8')),
    tokenizerSha256: tokenizer.hash,
    optimizer: { learningRate: 1e-3, warmupSteps: 2, weightDecay: 0.01 },
  })
}
