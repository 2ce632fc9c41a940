import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSafetensors, type TensorToWrite, writeSafetensors } from '../weights/index.ts'
import { type AdapterConfig, createAdapter } from './adapter.ts'
import { readAdapter, writeAdapter } from './adapter-folder.ts'
import { addTokenRows } from './add-token-rows.ts'
import { tinyConfig, tinyModel } from './tiny-model.fixture.ts'

const config: AdapterConfig = {
  rank: 2,
  alpha: 4,
  dropout: 0.25,
  targets: ['q_proj', 'down_proj'],
  tokenIds: [60, 61, 62],
}
const weightsName = 'adapter_model.safetensors'
const first = 'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight'

/** The tiny model with two rows more. */
const grownModel = () =>
  addTokenRows(
    tinyModel(),
    [61, 62].map((id) => ({ id, sourceIds: [id - 60] })),
  )

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rc-adapter-'))
  const model = grownModel()
  await writeAdapter(folder, createAdapter(model, config, 1), model, 'org/base')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const changeConfig = async (changes: Record<string, unknown>) => {
  const path = join(folder, 'adapter_config.json')
  const json = JSON.parse(await readFile(path, 'utf8'))
  await writeFile(path, JSON.stringify({ ...json, ...changes }))
}

const changeTensors = async (change: (tensors: TensorToWrite[]) => TensorToWrite[]) => {
  const path = join(folder, weightsName)
  const file = await openSafetensors(path)
  const tensors: TensorToWrite[] = []
  for (const [name, info] of file.tensors) {
    tensors.push({ name, ...info, data: await file.readFloat32(name) })
  }
  await file.close()
  await writeSafetensors(path, change(tensors))
}

describe('readAdapter', () => {
  it('gives what was written, its rows in the memory of a matrix that has grown', async () => {
    const { model, adapter } = await readAdapter(folder, tinyModel())
    const written = createAdapter(grownModel(), config, 1)
    expect(adapter.config).toEqual(config)
    expect([...adapter.parameters.keys()]).toEqual([...written.parameters.keys()])
    const name = 'model.layers.1.mlp.down_proj.lora_A.weight'
    expect(adapter.parameters.get(name)).toEqual(written.parameters.get(name))
    expect(model.config.vocabularySize).toBe(63)
    const matrix = model.parameters.get('model.embed_tokens.weight')!
    const rows = adapter.parameters.get('model.embed_tokens.token_adapter.trainable_tokens_delta')!
    expect(rows.data.buffer).toBe(matrix.data.buffer)
    expect(rows.shape).toEqual([3, tinyConfig.hiddenSize])
  })

  it('refuses an adapter of another model, by its weights', async () => {
    const other = tinyModel()
    other.parameters.get('model.norm.weight')!.data[0]! += 1
    await expect(readAdapter(folder, other)).rejects.toMatchObject({
      code: 'RC_OTHER_MODEL',
      status: 2,
      message: `the adapter ${folder} belongs to another model: it was trained on org/base`,
    })
  })

  it('refuses an adapter of another shape, also without base_model.json', async () => {
    await rm(join(folder, 'base_model.json'))
    await changeTensors((tensors) =>
      tensors.map((tensor) =>
        tensor.name === first ? { ...tensor, shape: [2, 31], data: new Float32Array(62) } : tensor,
      ),
    )
    await expect(readAdapter(folder, tinyModel())).rejects.toMatchObject({
      code: 'RC_OTHER_MODEL',
      message: `${join(folder, weightsName)}: the tensor ${first} does not fit the model: expected [2, 32], got [2, 31]`,
    })
  })

  it('names a missing tensor and one that has no place', async () => {
    await changeTensors((tensors) => tensors.filter(({ name }) => name !== first))
    const missing = `the tensor ${first} [2, 32] is missing`
    await expect(readAdapter(folder, tinyModel())).rejects.toThrow(missing)
    await changeTensors((tensors) => [
      ...tensors,
      { name: first, dtype: 'F32', shape: [2, 32], data: new Float32Array(64) },
      { name: 'base_model.model.extra', dtype: 'F32', shape: [1], data: new Float32Array(1) },
    ])
    const extra = 'the tensor base_model.model.extra has no place in this adapter'
    await expect(readAdapter(folder, tinyModel())).rejects.toThrow(extra)
  })

  it.each<[Record<string, unknown>, string]>([
    [{ peft_type: 'IA3' }, 'peft_type should be "LORA", got "IA3"'],
    [{ use_dora: true }, 'use_dora should be false, got true'],
    [{ use_rslora: true }, 'use_rslora should be false, got true'],
    [{ bias: 'all' }, 'bias should be "none", got "all"'],
    [{ modules_to_save: ['lm_head'] }, 'modules_to_save should be null, got ["lm_head"]'],
    [{ rank_pattern: { q_proj: 4 } }, 'rank_pattern should be empty, got {"q_proj":4}'],
    [{ r: 0 }, 'r should be a whole number above 0, got 0'],
    [{ lora_alpha: null }, 'lora_alpha should be a number, got null'],
    [{ target_modules: 'all-linear' }, 'target_modules should be a list of q_proj, k_proj'],
    [{ target_modules: ['c_attn'] }, 'got ["c_attn"]'],
    [{ trainable_token_indices: { embed_tokens: [1, 3] } }, 'should be the same neighbouring ids'],
  ])('refuses %o', async (changes, problem) => {
    await changeConfig(changes)
    const error = await readAdapter(folder, tinyModel()).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'RC_BAD_ADAPTER', status: 2 })
    expect(error.message).toContain(join(folder, 'adapter_config.json'))
    expect(error.message).toContain(problem)
  })

  it('says what is missing in a folder', async () => {
    await rm(join(folder, 'adapter_config.json'))
    await expect(readAdapter(folder, tinyModel())).rejects.toMatchObject({ code: 'RC_BAD_ADAPTER' })
  })
})
