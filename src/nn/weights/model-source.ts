import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hashFile } from '../../core/index.ts'
import { openGgufModel, readGgufConfig } from './gguf/gguf-model.ts'
import { openModelFolder, readModelConfig } from './model-folder.ts'
import type { ModelSource } from './source-tensors.ts'
import { badModelFolder } from './weights-errors.ts'

/**
 * Opens a Hugging Face folder or a GGUF file.
 *
 * @throws `RC_BAD_MODEL_FOLDER` when there is neither, and the errors of the formats.
 */
export async function openModelSource(path: string): Promise<ModelSource> {
  return (await isGgufPath(path)) ? openGgufModel(path) : openModelFolder(path)
}

/** The configuration alone, of a folder or a GGUF file. */
export async function readSourceConfig(path: string): Promise<Record<string, unknown>> {
  return (await isGgufPath(path)) ? readGgufConfig(path) : readModelConfig(path)
}

/** SHA-256 of `config.json`, or of the configuration in a GGUF file. */
export async function hashSourceConfig(path: string): Promise<string> {
  if (!(await isGgufPath(path))) return hashFile(join(path, 'config.json'))
  return createHash('sha256')
    .update(JSON.stringify(await readGgufConfig(path)))
    .digest('hex')
}

/**
 * Whether a model is a GGUF file rather than a folder.
 *
 * @throws `RC_BAD_MODEL_FOLDER` when there is nothing at the path
 */
export async function isGgufPath(path: string): Promise<boolean> {
  const found = await stat(path).catch((cause) => {
    throw badModelFolder(
      `there is no model at ${path}: ${(cause as Error).message}`,
      'Give the folder of a Hugging Face model, a .gguf file, or the id of a model on the hub.',
      cause,
    )
  })
  return found.isFile()
}
