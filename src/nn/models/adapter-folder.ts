import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, writeFileAtomic } from '../../core/index.ts'
import { openSafetensors, type SafetensorsFile, writeSafetensors } from '../weights/index.ts'
import {
  type Adapter,
  type AdapterConfig,
  adapterShapes,
  mergeAdapter,
  tokenRows,
} from './adapter.ts'
import { badAdapter, parseAdapterConfig, renderAdapterConfig } from './adapter-config.ts'
import { headParameter, type Model, type Parameters } from './parameters.ts'
import { extendRows } from './room-for-rows.ts'

/** What peft puts before the names of an adapter's tensors. */
export const peftPrefix = 'base_model.model.'

/**
 * Writes an adapter in peft's format, and `base_model.json`, by which another model is noticed.
 *
 * @param baseModel where the model came from, for `base_model_name_or_path`
 */
export async function writeAdapter(
  folder: string,
  { config, parameters }: Adapter,
  model: Model,
  baseModel: string,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const tensors = [...parameters].map(([name, { data, shape }]) => ({
    name: `${peftPrefix}${name}`,
    dtype: 'F32' as const,
    shape,
    data,
  }))
  await writeSafetensors(join(folder, 'adapter_model.safetensors'), tensors, { format: 'pt' })
  const writeJson = (name: string, value: unknown) =>
    writeFileAtomic(join(folder, name), `${JSON.stringify(value, null, 2)}\n`)
  const fingerprint = fingerprintModel(model)
  await writeJson('base_model.json', { path: baseModel, fingerprint })
  await writeJson('adapter_config.json', renderAdapterConfig(config, model.config, baseModel))
}

/** Reads what an adapter is of, without its tensors. */
export async function readAdapterConfig(folder: string): Promise<AdapterConfig> {
  const file = join(folder, 'adapter_config.json')
  return parseAdapterConfig(file, await readJson(file))
}

/**
 * Reads an adapter for a model. Rows of trained tokens go to the model's matrices, which grow where
 * they are too short.
 *
 * @throws `RC_OTHER_MODEL` for an adapter of another model, `RC_BAD_ADAPTER` for one that lacks
 * something or has parts that are not known, each with the file, the field or the tensor
 */
export async function readAdapter(
  folder: string,
  model: Model,
): Promise<{ model: Model; adapter: Adapter }> {
  const config = await readAdapterConfig(folder)
  await refuseOtherModel(folder, model)
  const grown = growTo(model, config.tokenIds)
  const path = join(folder, 'adapter_model.safetensors')
  const weights = await openSafetensors(path)
  try {
    const shapes = adapterShapes(grown.config, config)
    refuseOtherTensors(path, weights, shapes)
    const rows = tokenRows(grown, config)
    const parameters: Parameters = new Map()
    for (const [name, shape] of shapes) {
      const values = await weights.readFloat32(`${peftPrefix}${name}`)
      const data = rows.get(name) ?? values
      if (data !== values) data.set(values)
      parameters.set(name, { data, shape })
    }
    return { model: grown, adapter: { config, parameters } }
  } finally {
    await weights.close()
  }
}

/** A model with an adapter merged into it. */
export async function applyAdapter(model: Model, folder: string): Promise<Model> {
  const read = await readAdapter(folder, model)
  mergeAdapter(read.model, read.adapter)
  return read.model
}

async function refuseOtherModel(folder: string, model: Model): Promise<void> {
  const text = await readFile(join(folder, 'base_model.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return // peft itself notes no more than a name
  const { path, fingerprint } = JSON.parse(text) as { path: string; fingerprint: string }
  if (fingerprint === fingerprintModel(model)) return
  throw new InputError(
    `the adapter ${folder} belongs to another model: it was trained on ${path}`,
    {
      code: 'RC_OTHER_MODEL',
      hint: 'Give that model, or an adapter of this one.',
    },
  )
}

/** SHA-256 over the weights of all norms, which no adapter and no new token changes. */
export function fingerprintModel({ parameters }: Model): string {
  const hash = createHash('sha256')
  for (const [name, { data }] of parameters) {
    if (!/norm\.weight$/.test(name)) continue
    hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return hash.digest('hex')
}

function growTo(model: Model, tokenIds: readonly number[]): Model {
  const vocabularySize = Math.max(model.config.vocabularySize, ...tokenIds.map((id) => id + 1))
  if (vocabularySize === model.config.vocabularySize) return model
  const parameters = new Map(model.parameters)
  for (const name of new Set(['model.embed_tokens.weight', headParameter(model.config)])) {
    const { data, shape } = parameters.get(name)!
    const width = shape[1]!
    const grown = extendRows(data, vocabularySize * width)
    parameters.set(name, { data: grown, shape: [vocabularySize, width] })
  }
  return { ...model, config: { ...model.config, vocabularySize }, parameters }
}

function refuseOtherTensors(
  path: string,
  { tensors }: SafetensorsFile,
  shapes: ReadonlyMap<string, readonly number[]>,
): void {
  for (const [name, shape] of shapes) {
    const found = tensors.get(`${peftPrefix}${name}`)
    const expected = `[${shape.join(', ')}]`
    if (found === undefined)
      throw badAdapter(`${path}: the tensor ${peftPrefix}${name} ${expected} is missing`)
    if (found.shape.join() === shape.join()) continue
    const got = `[${found.shape.join(', ')}]`
    throw new InputError(
      `${path}: the tensor ${peftPrefix}${name} does not fit the model: expected ${expected}, got ${got}`,
      { code: 'RC_OTHER_MODEL', hint: 'The adapter was trained on another model; give that one.' },
    )
  }
  for (const name of tensors.keys()) {
    if (name.startsWith(peftPrefix) && shapes.has(name.slice(peftPrefix.length))) continue
    throw badAdapter(`${path}: the tensor ${name} has no place in this adapter`)
  }
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  } catch (cause) {
    throw badAdapter(`cannot read ${path}: ${(cause as Error).message}`, cause)
  }
}
