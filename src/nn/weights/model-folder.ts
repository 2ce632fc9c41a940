import { readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { TensorInfo } from './dtype.ts'
import { missingTensor, openSafetensors, type SafetensorsFile } from './read-safetensors.ts'
import type { ModelSource } from './source-tensors.ts'
import { badModelFolder } from './weights-errors.ts'

/**
 * Opens a folder with `config.json` and either `model.safetensors` or `model.safetensors.index.json`
 * with its shards.
 *
 * @throws `RC_BAD_MODEL_FOLDER` for what is missing, and the errors of `openSafetensors`.
 */
export async function openModelFolder(path: string): Promise<ModelSource> {
  const config = await readModelConfig(path)
  const single = join(path, 'model.safetensors')
  if (await isFile(single)) {
    const file = await openSafetensors(single)
    return createFolder(path, config, new Map([...file.tensors.keys()].map((n) => [n, file])))
  }
  const indexPath = join(path, 'model.safetensors.index.json')
  if (!(await isFile(indexPath))) throw await missingWeights(path)
  return createFolder(path, config, await openShards(path, indexPath))
}

/**
 * Reads `config.json` of a model folder.
 *
 * @throws `RC_BAD_MODEL_FOLDER` when it is missing or not a JSON object.
 */
export async function readModelConfig(path: string): Promise<Record<string, unknown>> {
  const isAdapter = await isFile(join(path, 'adapter_config.json'))
  const hint = isAdapter
    ? 'This is the folder of an adapter alone; give that of a model, such as the model/ that train writes with the adapter merged.'
    : 'Give the folder of a Hugging Face model.'
  return readJsonObject(join(path, 'config.json'), hint)
}

function createFolder(
  path: string,
  config: Record<string, unknown>,
  homes: ReadonlyMap<string, SafetensorsFile>,
): ModelSource {
  const tensors = new Map<string, TensorInfo>()
  for (const [name, file] of homes) tensors.set(name, file.tensors.get(name) as TensorInfo)
  return {
    path,
    config,
    tensors,
    fileOf: (name) => homes.get(name)?.path ?? path,
    async readFloat32(name, target) {
      const home = homes.get(name)
      if (home === undefined) throw missingTensor(path, name, tensors)
      return home.readFloat32(name, target)
    },
    close: () => closeAll(homes.values()),
  }
}

/** The file that holds each tensor of the index. */
async function openShards(
  folder: string,
  indexPath: string,
): Promise<Map<string, SafetensorsFile>> {
  const homes = new Map<string, SafetensorsFile>()
  const shards = new Map<string, SafetensorsFile>()
  try {
    for (const [name, shard] of Object.entries(await readWeightMap(indexPath))) {
      const file = shards.get(shard) ?? (await openShard(folder, indexPath, name, shard))
      shards.set(shard, file)
      if (!file.tensors.has(name)) {
        throw badModelFolder(
          `${indexPath} places tensor ${name} in ${shard}, which does not hold it`,
          'Index and shards are of different versions; fetch the model again.',
        )
      }
      homes.set(name, file)
    }
  } catch (error) {
    await closeAll(shards.values())
    throw error
  }
  return homes
}

async function openShard(folder: string, indexPath: string, name: string, shard: string) {
  const path = join(folder, shard)
  if (await isFile(path)) return openSafetensors(path)
  throw badModelFolder(
    `${indexPath} places tensor ${name} in ${shard}, but there is no file ${path}`,
    'Fetch the missing shard.',
  )
}

async function readWeightMap(indexPath: string): Promise<Record<string, string>> {
  const hint = 'Fetch the index again.'
  const { weight_map: map } = await readJsonObject(indexPath, hint)
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    const got = JSON.stringify(map)
    throw badModelFolder(`${indexPath}: expected an object weight_map, got ${got}`, hint)
  }
  for (const [name, shard] of Object.entries(map)) {
    if (typeof shard === 'string' && shard !== '' && basename(shard) === shard) continue
    const got = JSON.stringify(shard)
    throw badModelFolder(`${indexPath}: expected a file name for ${name}, got ${got}`, hint)
  }
  return map as Record<string, string>
}

async function missingWeights(path: string) {
  const pickled = await isFile(join(path, 'pytorch_model.bin'))
  return badModelFolder(
    `${path} holds neither model.safetensors nor model.safetensors.index.json`,
    pickled
      ? 'pytorch_model.bin is not read; save the model with safe_serialization=True.'
      : 'Give the folder of a Hugging Face model with safetensors weights.',
  )
}

async function readJsonObject(path: string, hint: string): Promise<Record<string, unknown>> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw badModelFolder(`cannot read ${path}: ${(cause as Error).message}`, hint, cause)
  })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw badModelFolder(`${path} is not JSON: ${(cause as Error).message}`, hint, cause)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  throw badModelFolder(`${path}: expected a JSON object, got ${JSON.stringify(value)}`, hint)
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
}

async function closeAll(files: Iterable<SafetensorsFile>): Promise<void> {
  await Promise.all([...new Set(files)].map((file) => file.close()))
}
