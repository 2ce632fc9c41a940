import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openModelFolder, writeModelFolder, writeSafetensors } from './index.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rc-model-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const vector = (name: string, ...values: number[]) =>
  ({ name, dtype: 'BF16', shape: [values.length], data: Float32Array.from(values) }) as const

async function writeShards(weightMap: unknown): Promise<void> {
  await writeFile(join(folder, 'config.json'), '{"model_type":"qwen2"}')
  await writeSafetensors(join(folder, 'one.safetensors'), [vector('a', 1, 2), vector('extra', 9)])
  await writeSafetensors(join(folder, 'two.safetensors'), [vector('b', 3)])
  const index = JSON.stringify({ metadata: { total_size: 6 }, weight_map: weightMap })
  await writeFile(join(folder, 'model.safetensors.index.json'), index)
}

test('a written folder reads back', async () => {
  const config = { model_type: 'qwen2', vocab_size: 3 }
  const generationConfig = { eos_token_id: 2 }
  await writeModelFolder(folder, { config, generationConfig, tensors: [vector('w', 1, -2.5)] })
  const model = await openModelFolder(folder)
  expect(model.config).toEqual(config)
  expect([...model.tensors]).toMatchObject([['w', { dtype: 'BF16', shape: [2] }]])
  expect([...(await model.readFloat32('w'))]).toEqual([1, -2.5])
  await expect(model.readFloat32('v')).rejects.toThrow('holds no tensor v; the nearest name')
  await model.close()
  const written = JSON.parse(await readFile(join(folder, 'generation_config.json'), 'utf8'))
  expect(written).toEqual(generationConfig)
})

test('shards are read through their index', async () => {
  await writeShards({ b: 'two.safetensors', a: 'one.safetensors' })
  const model = await openModelFolder(folder)
  expect([...model.tensors.keys()]).toEqual(['b', 'a'])
  expect([...(await model.readFloat32('a'))]).toEqual([1, 2])
  expect([...(await model.readFloat32('b'))]).toEqual([3])
  await model.close()
})

test.each<[string, unknown, string]>([
  ['names a missing shard', { a: 'three.safetensors' }, 'but there is no file'],
  ['names an absent tensor', { b: 'one.safetensors' }, 'which does not hold it'],
  ['leads out of the folder', { a: '../one.safetensors' }, 'expected a file name for a'],
  ['is not an object', ['a'], 'expected an object weight_map'],
])('an index that %s is refused', async (_, weightMap, problem) => {
  await writeShards(weightMap)
  await expect(openModelFolder(folder)).rejects.toThrow(problem)
  await expect(openModelFolder(folder)).rejects.toMatchObject({
    code: 'RC_BAD_MODEL_FOLDER',
    status: 2,
  })
})

test('a folder without config or weights is refused', async () => {
  await expect(openModelFolder(folder)).rejects.toThrow(join(folder, 'config.json'))
  await writeFile(join(folder, 'config.json'), '[]')
  await expect(openModelFolder(folder)).rejects.toThrow('expected a JSON object, got []')
  await writeFile(join(folder, 'config.json'), '{')
  await expect(openModelFolder(folder)).rejects.toThrow('is not JSON')
  await writeFile(join(folder, 'config.json'), '{}')
  await expect(openModelFolder(folder)).rejects.toThrow('holds neither model.safetensors nor')
  await writeFile(join(folder, 'pytorch_model.bin'), '')
  await expect(openModelFolder(folder)).rejects.toMatchObject({
    hint: 'pytorch_model.bin is not read; save the model with safe_serialization=True.',
  })
})
