import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadModel } from '../../src/nn/models/index.ts'
import { openSafetensors, writeSafetensors } from '../../src/nn/weights/index.ts'
import { runCli } from './run-cli.ts'
import { reflectionDialog, writeTinyModel } from './tiny-model.ts'

let folder: string
const at = (name: string) => join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sharded-'))
  await writeTinyModel(at('single'))
  await writeShards(at('single'), at('sharded'), 3)
  const lines = ['a', 'b'].map((id) => `${JSON.stringify({ id, ...reflectionDialog })}\n`)
  await writeFile(at('dialogs.jsonl'), lines.join(''))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A copy of a model whose tensors are dealt to several files, with their index. */
async function writeShards(from: string, to: string, count: number): Promise<void> {
  await cp(from, to, { recursive: true })
  await rm(join(to, 'model.safetensors'))
  const file = await openSafetensors(join(from, 'model.safetensors'))
  const nameOf = (shard: number) => `model-0000${shard + 1}-of-0000${count}.safetensors`
  const names = [...file.tensors.keys()]
  for (let shard = 0; shard < count; shard++) {
    const tensors = names
      .filter((_, index) => index % count === shard)
      .map(async (name) => ({
        ...{ name, dtype: 'F32' as const, shape: file.tensors.get(name)!.shape },
        data: await file.readFloat32(name),
      }))
    await writeSafetensors(join(to, nameOf(shard)), await Promise.all(tensors), { format: 'pt' })
  }
  await file.close()
  const map = Object.fromEntries(names.map((name, index) => [name, nameOf(index % count)]))
  const index = JSON.stringify({ metadata: {}, weight_map: map })
  await writeFile(join(to, 'model.safetensors.index.json'), index)
}

async function runJson(...args: string[]) {
  const run = await runCli([...args, '--json'])
  expect(run.stderr).not.toContain('error')
  expect(run.status).toBe(0)
  return JSON.parse(run.stdout)
}

/** What plan, train and loss say of a model, and the bytes that they write. */
async function tune(kind: string) {
  const [model, data] = [at(kind), at('dialogs.jsonl')]
  const out = (name: string) => at(`${kind}-${name}`)
  const size = ['--max-steps', '3', '--sequences-per-step', '2', '--learning-rate', '0.01']
  await runJson('plan', '--data', data, '--model', model, '--out', out('plan'), ...size)
  const trained = ['--plan', out('plan'), '--out', out('out'), '--checkpoint-every', '1']
  const { lastStep } = await runJson('train', '--model', model, ...trained)
  const gradients = out('gradients.safetensors')
  const measured = ['--data', data, '--per-sample', '--gradients', gradients]
  const before = await runJson('loss', '--model', model, ...measured)
  const tuned = join(out('out'), 'model')
  const after = await runJson('loss', '--model', tuned, '--data', data, '--per-sample')
  const figuresOf = ({ loss, crossEntropy, klDivergence, gradientNorm, samples }: typeof after) => {
    const ofSamples = samples.map((sample: { loss: number }) => sample.loss)
    return { loss, crossEntropy, klDivergence, gradientNorm, ofSamples }
  }
  const { seconds: _, ...step } = lastStep
  return {
    figures: { step, before: figuresOf(before), after: figuresOf(after) },
    gradients: await readFile(gradients),
    weights: await readFile(join(tuned, 'model.safetensors')),
    checkpoints: await readdir(join(out('out'), 'checkpoints')),
    layers: (await loadModel(tuned)).config.layers,
  }
}

it('gives the figures and the weights of the same model in one file', async () => {
  expect((await readdir(at('sharded'))).filter((name) => /safetensors/.test(name))).toHaveLength(4)
  const single = await tune('single')
  const sharded = await tune('sharded')
  expect(sharded.figures).toEqual(single.figures)
  expect(sharded.figures.after.loss).toBeLessThan(sharded.figures.before.loss)
  expect(sharded.gradients.equals(single.gradients)).toBe(true)
  expect(sharded.weights.equals(single.weights)).toBe(true)
  expect(sharded).toMatchObject({ layers: 1, checkpoints: single.checkpoints })
  expect(sharded.checkpoints.length).toBeGreaterThan(0)
}, 120_000)

it('goes on from a checkpoint', async () => {
  const out = at('resumed')
  await cp(at('sharded-out'), out, { recursive: true })
  await rm(join(out, 'model'), { recursive: true })
  const paths = ['--model', at('sharded'), '--plan', at('sharded-plan'), '--out', out, '--resume']
  const { model } = await runJson('train', ...paths)
  const bytesOf = (path: string) => readFile(join(path, 'model.safetensors'))
  expect((await bytesOf(model)).equals(await bytesOf(join(at('sharded-out'), 'model')))).toBe(true)
}, 60_000)
