import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openSafetensors } from '../../src/nn/weights/index.ts'
import { runCli } from './run-cli.ts'
import { reflectionDialog, writeTinyModel } from './tiny-model.ts'

let folder: string
const at = (name: string) => join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loss-'))
  await writeTinyModel(at('model'))
  const dialogs = [{ id: 'a', ...reflectionDialog }, reflectionDialog]
  await writeFile(at('dialogs.jsonl'), dialogs.map((one) => `${JSON.stringify(one)}\n`).join(''))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const loss = (...more: string[]) =>
  runCli(['loss', '--model', at('model'), '--data', at('dialogs.jsonl'), ...more])

it('prints one JSON document, with every sample where asked for', async () => {
  const objective = ['--mask', 'block-type', '--block-order', 'text,code,execution']
  const rate = ['--mask-rate', '0.5', '--json']
  const run = await loss(...objective, ...rate, '--per-sample', '--gradients', at('g.safetensors'))
  expect(run.status).toBe(0)
  const { samples, ...summary } = JSON.parse(run.stdout)
  expect(samples.map(({ id }: { id: unknown }) => id)).toEqual(['a', 2])
  expect(summary.loss).toBeCloseTo(summary.crossEntropy + summary.klDivergence, 6)
  expect(summary).toMatchObject({ teacherPositions: 2 * samples[0].teacherPositions })
  expect(summary.gradients).toBe(at('g.safetensors'))
  const file = await openSafetensors(summary.gradients)
  expect(file.tensors.get('model.embed_tokens.weight')?.shape[1]).toBe(32)
  expect([...file.tensors.keys()]).not.toContain('lm_head.weight')
  await file.close()
  const again = await loss(...objective, ...rate)
  expect(JSON.parse(again.stdout)).toMatchObject({ loss: summary.loss, gradients: null })
  expect(JSON.parse(again.stdout)).not.toHaveProperty('samples')
})

it('prints a table for people', async () => {
  const { stdout, status } = await loss('--per-sample')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^ *sample +tokens +loss +CE +teacher CE +student CE +KL$/m)
  expect(stdout).toMatch(/^ *a +\d+ +\d\.\d{5}/m)
  expect(stdout).toMatch(/^gradientNorm +\d/m)
})

it('says beforehand what it would compute, and explains itself', async () => {
  const { stdout } = await loss('--dry-run', '--json')
  expect(JSON.parse(stdout).forecast).toMatchObject({
    samples: 2,
    estimatedBytes: expect.any(Number),
  })
  const { stdout: help } = await runCli(['loss', '--help'])
  for (const word of ['--mask-rate', '--per-sample', '--gradients', 'Example:']) {
    expect(help).toContain(word)
  }
})

it('is a step of a recipe, of a tuned model and of an adapter', async () => {
  const recipe = `title: Losses
steps:
  - id: planned
    uses: plan
    with:
      model: model
      data: [dialogs.jsonl]
      maxSteps: 2
      sequencesPerStep: 1
  - id: tuned
    uses: train
    with:
      model: model
      plan: \${planned}
      loraRank: 2
  - id: merged-loss
    uses: loss
    with:
      model: \${tuned}/model
      data: [dialogs.jsonl]
  - id: adapter-loss
    uses: loss
    with:
      model: \${tuned}/adapter
      data: [dialogs.jsonl]
`
  await writeFile(at('recipe.yaml'), recipe)
  const args = ['run', 'recipe.yaml', '--out', 'run']
  const run = await runCli(args, { cwd: folder })
  expect(run).toMatchObject({ status: 0 })
  const read = async (name: string) => JSON.parse(await readFile(join(at('run'), name), 'utf8'))
  const [merged, adapter] = [await read('merged-loss.json'), await read('adapter-loss.json')]
  expect(adapter.adapter).toContain('adapter')
  expect(Math.abs(adapter.loss - merged.loss) / merged.loss).toBeLessThan(1e-6)
  expect(await readFile(at('run/report.html'), 'utf8')).toContain('merged-loss')
})
