import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportModel, loadModel } from '../../nn/models/index.ts'
import { loadTokenizer } from '../../nn/tokenizer/index.ts'
import { openSafetensors } from '../../nn/weights/index.ts'
import { createPlan, type PlanOptions, planOptionsSchema } from '../plan/index.ts'
import { measureLoss } from './loss/measure-loss.ts'
import { lossOptionsSchema, trainOptionsSchema } from './options.ts'
import { addingDialog, writeDialogs, writeSmallModel } from './small-training.fixture.ts'
import { train } from './train.ts'

let folder: string
const at = (name: string) => join(folder, name)

/** A text that makes scores of attention overflow: nothing else has a part in one direction. */
const trouble = '§'
const direction = 5

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'not-finite-'))
  const dialogs = Array.from({ length: 8 }, (_, index) => addingDialog(index))
  await writeDialogs(at('sound.jsonl'), dialogs)
  const nameless = { ...addingDialog(9, trouble), id: undefined }
  await writeDialogs(at('one.jsonl'), [...dialogs.slice(0, 5), nameless, ...dialogs.slice(5)])
  await writeDialogs(at('named.jsonl'), [addingDialog(10), addingDialog(11, trouble)])
  const texts = dialogs.map((dialog) => JSON.stringify(dialog))
  await writeSmallModel(at('model'), texts, { tied: false })
  const model = await loadModel(at('model'))
  const columnOf = (name: string) => {
    const { data } = model.parameters.get(name)!
    return (value: number) => {
      for (let index = direction; index < data.length; index += 32) data[index] = value
    }
  }
  columnOf('model.embed_tokens.weight')(0)
  for (const id of (await loadTokenizer(at('model'))).encodeText(trouble)) {
    model.parameters.get('model.embed_tokens.weight')!.data[id * 32 + direction] = 1
  }
  for (const name of ['q_proj', 'k_proj']) {
    columnOf(`model.layers.0.self_attn.${name}.weight`)(1e25)
  }
  await exportModel(at('model'), model)
  await writeSteepModel(texts)
})
afterAll(() => rm(folder, { recursive: true }))

/**
 * A model with a finite loss of every sample, whose gradient overflows by one weight: an activation
 * near the largest float32 that only the trouble has and that the layer multiplies by zero.
 */
async function writeSteepModel(texts: readonly string[]) {
  await writeSmallModel(at('steep'), texts, { tied: false })
  const model = await loadModel(at('steep'))
  const tensor = (name: string) => model.parameters.get(name)!.data
  const embedding = tensor('model.embed_tokens.weight')
  for (let index = direction; index < embedding.length; index += 32) embedding[index] = 0
  for (const id of (await loadTokenizer(at('steep'))).encodeText(trouble)) {
    embedding[id * 32 + direction] = 1
  }
  tensor('model.layers.0.self_attn.o_proj.weight').fill(0, 32 * direction, 32 * (direction + 1))
  for (const name of ['gate_proj', 'up_proj']) {
    tensor(`model.layers.0.mlp.${name}.weight`).fill(0, 0, 32)[direction] = 2e18
  }
  const down = tensor('model.layers.0.mlp.down_proj.weight')
  for (let index = 0; index < down.length; index += 48) down[index] = 0
  const head = tensor('lm_head.weight')
  head.forEach((value, index) => {
    head[index] = 1e4 * value
  })
  await exportModel(at('steep'), model)
}

async function trainOn(name: string, options: Partial<PlanOptions>) {
  const plan = at(`${name}-plan`)
  const size = { sequencesPerStep: 4, microBatchSize: 2, maxSteps: 9, learningRate: 0 }
  const data = [at('sound.jsonl')]
  await createPlan(
    planOptionsSchema.parse({ data, model: at('model'), out: plan, ...size, ...options }),
  )
  const paths = { model: at('model'), plan, out: at(name) }
  return train(trainOptionsSchema.parse({ ...paths, checkpointEvery: 1, keepCheckpoints: 100 }))
}

const checkpointsOf = (name: string) => readdir(join(at(name), 'checkpoints')).catch(() => [])

describe('a number that is not finite', () => {
  it('stops training before the weights change, with the name of the sample', async () => {
    const failure = await trainOn('one', { data: [at('one.jsonl')] }).catch((error) => error)
    expect(failure).toMatchObject({ code: 'RC_LOSS_NOT_FINITE', status: 1 })
    expect(failure.message).toMatch(
      /^the (loss|gradient) of step \d .*; at fault: sample line 6 of .*one\.jsonl$/,
    )
    const step = Number(/step (\d)/.exec(failure.message)![1])
    expect(await checkpointsOf('one')).toHaveLength(step)
    expect(await readdir(at('one'))).not.toContain('model')
    const lines = (await readFile(join(at('one'), 'metrics.jsonl'), 'utf8')).trim().split('\n')
    expect(lines.filter((line) => line !== '')).toHaveLength(step)
    for (const name of await checkpointsOf('one')) {
      const file = await openSafetensors(join(at('one'), 'checkpoints', name, 'state.safetensors'))
      for (const tensor of file.tensors.keys()) {
        expect((await file.readFloat32(tensor)).every(Number.isFinite), tensor).toBe(true)
      }
      await file.close()
    }
  })

  it('stops in validation too', async () => {
    const options = { validation: [at('named.jsonl')] }
    const failure = await trainOn('held', options).catch((error) => error)
    expect(failure).toMatchObject({ code: 'RC_LOSS_NOT_FINITE', status: 1 })
    expect(failure.message).toMatch(
      /held-out samples is NaN; at fault: sample add-11 \(line 2 of .*named\.jsonl\)$/,
    )
  })

  it('stops loss, with the name of the sample', async () => {
    const options = { model: at('model'), data: [at('named.jsonl')], out: at('loss.json') }
    const failure = await measureLoss(lossOptionsSchema.parse(options)).catch((error) => error)
    expect(failure).toMatchObject({ code: 'RC_LOSS_NOT_FINITE', status: 1 })
    expect(failure.message).toContain('sample add-11 (line 2 of')
    expect(await readdir(folder)).not.toContain('loss.json')
  })

  it('stops loss where only the gradient is not finite, and leaves no file', async () => {
    const files = { out: at('steep.json'), gradients: at('steep.safetensors') }
    const data = [at('named.jsonl')]
    const options = lossOptionsSchema.parse({ model: at('steep'), data, ...files })
    const failure = await measureLoss(options).catch((error) => error)
    expect(failure).toMatchObject({ code: 'RC_LOSS_NOT_FINITE', status: 1 })
    expect(failure.message).toMatch(
      /^the gradient of the sample add-11 \(line 2 of .* is not finite$/,
    )
    const left = (await readdir(folder)).filter((name) => /^steep\.|\.tmp-/.test(name))
    expect(left).toEqual([])
    const sound = await measureLoss({ ...options, data: [at('sound.jsonl')] })
    expect(sound.gradientNorm).toBeGreaterThan(0)
  })

  it('says that the weights have run away when every sample gives one', async () => {
    const failure = await trainOn('away', { learningRate: 1e30 }).catch((error) => error)
    expect(failure).toMatchObject({ code: 'RC_LOSS_NOT_FINITE', status: 1 })
    expect(failure.message).toMatch(/at fault: sample add-\d.*, sample add-\d.*, sample add-\d/)
    expect(failure.hint).toMatch(/the weights have run away: lower --learning-rate/)
  })
})
