import { readFile, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { InputError } from '../../core/index.ts'
import { parseHubReference } from './model-reference.ts'

/**
 * The model that the folder of a LoRA adapter names: a path, from here or from the adapter's folder,
 * or an id on the hub.
 *
 * @returns `undefined` where the path is no folder of an adapter alone
 * @throws `RC_NO_BASE_MODEL` when the model is not there
 */
export async function readBaseModel(folder: string): Promise<string | undefined> {
  if (await exists(join(folder, 'config.json'))) return undefined
  const file = join(folder, 'adapter_config.json')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const base = parseBase(text)
  if (base === undefined) throw noBaseModel(`${file} names no base_model_name_or_path`)
  if (await exists(base)) return base
  const beside = join(folder, base)
  if (!isAbsolute(base) && (await exists(beside))) return beside
  if (parseHubReference(base) !== undefined) return base
  throw noBaseModel(`${file} names the base model ${base}, which is not there`)
}

function parseBase(text: string): string | undefined {
  try {
    const { base_model_name_or_path: base } = JSON.parse(text) as Record<string, unknown>
    return typeof base === 'string' && base !== '' ? base : undefined
  } catch {
    return undefined // the reader of the adapter says what is wrong with the file
  }
}

const noBaseModel = (message: string) =>
  new InputError(message, {
    code: 'RC_NO_BASE_MODEL',
    hint: 'Give the model with --model and this folder with --adapter.',
  })

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )
