import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exportModel, loadModel } from './parameters.ts'
import { tinyModel } from './tiny-model.fixture.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('loadModel', () => {
  it('reads back what exportModel wrote', async () => {
    const model = tinyModel()
    await exportModel(folder, model)
    const { config, parameters } = await loadModel(folder)
    expect(config).toEqual(model.config)
    expect(parameters).toEqual(model.parameters)
  })

  it('names a missing tensor and its shape', async () => {
    const model = tinyModel()
    model.parameters.delete('model.layers.1.mlp.up_proj.weight')
    await exportModel(folder, model)
    await expect(loadModel(folder)).rejects.toMatchObject({
      code: 'RC_MISSING_TENSOR',
      message: `${folder}: the tensor model.layers.1.mlp.up_proj.weight [48, 32] is missing`,
    })
  })

  it('names a tensor of the wrong shape, expected and got', async () => {
    const model = tinyModel()
    model.parameters.set('model.norm.weight', { data: new Float32Array(31), shape: [31] })
    await exportModel(folder, model)
    await expect(loadModel(folder)).rejects.toMatchObject({
      code: 'RC_TENSOR_SHAPE',
      message: `${join(folder, 'model.safetensors')}: the tensor model.norm.weight has the wrong shape: expected [32], got [31]`,
    })
  })

  it('names a tensor that has no place', async () => {
    const model = tinyModel()
    model.parameters.set('model.extra', { data: new Float32Array(1), shape: [1] })
    await exportModel(folder, model)
    await expect(loadModel(folder)).rejects.toMatchObject({ code: 'RC_UNKNOWN_TENSOR' })
  })

  it('refuses NaN', async () => {
    const model = tinyModel()
    model.parameters.get('model.norm.weight')!.data[4] = Number.NaN
    await exportModel(folder, model)
    await expect(loadModel(folder)).rejects.toMatchObject({ code: 'RC_TENSOR_NOT_FINITE' })
  })

  it('names the field of config.json that it cannot run', async () => {
    await exportModel(folder, tinyModel())
    const path = join(folder, 'config.json')
    const config = JSON.parse(await readFile(path, 'utf8'))
    await writeFile(path, JSON.stringify({ ...config, architectures: ['GPT2LMHeadModel'] }))
    await expect(loadModel(folder)).rejects.toMatchObject({
      code: 'RC_BAD_MODEL_CONFIG',
      status: 2,
      message: `${folder}/config.json: architectures should be one of LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM, got ["GPT2LMHeadModel"]`,
    })
  })
})
