import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../../core/index.ts'
import { type TensorToWrite, writeSafetensors } from './write-safetensors.ts'

export interface ModelFolderContent {
  config: Readonly<Record<string, unknown>>
  generationConfig?: Readonly<Record<string, unknown>>
  tensors: readonly TensorToWrite[]
}

/**
 * Writes `config.json`, `generation_config.json` if given, and `model.safetensors`, which
 * transformers loads. Each file appears whole; `config.json` comes last, so that a folder that has
 * it is complete.
 */
export async function writeModelFolder(path: string, content: ModelFolderContent): Promise<void> {
  await mkdir(path, { recursive: true })
  await writeSafetensors(join(path, 'model.safetensors'), content.tensors, { format: 'pt' })
  if (content.generationConfig !== undefined) {
    await writeJson(join(path, 'generation_config.json'), content.generationConfig)
  }
  await writeJson(join(path, 'config.json'), content.config)
}

function writeJson(path: string, value: unknown): Promise<void> {
  return writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`)
}
