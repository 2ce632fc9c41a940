import { copyFile, mkdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { writeFileAtomic } from '../../core/index.ts'
import { specialTokens } from '../../data/dialog/index.ts'
import type { TokenizerFiles } from './tokenizer-files.ts'
import type { Vocabulary } from './vocabulary.ts'

/** Files that hold nothing about the seven tokens and go along unchanged. */
const companions = [
  'vocab.json',
  'merges.txt',
  'tokenizer.model',
  'chat_template.jinja',
  'chat_template.json',
]

/**
 * Writes tokenizer.json, tokenizer_config.json, and special_tokens_map.json and added_tokens.json
 * where the source has them, with the seven tokens as additional special tokens.
 */
export async function writeTokenizerFiles(
  files: TokenizerFiles,
  vocabulary: Vocabulary,
  folder: string,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const writeJson = (name: string, value: unknown) =>
    writeFileAtomic(join(folder, name), `${JSON.stringify(value, null, 2)}\n`)

  await writeJson('tokenizer.json', { ...files.tokenizer, added_tokens: vocabulary.added })
  await writeJson('tokenizer_config.json', extendConfig(files.config, vocabulary))
  if (files.specialTokensMap !== undefined) {
    await writeJson('special_tokens_map.json', extendList(files.specialTokensMap))
  }
  if (await exists(join(files.folder, 'added_tokens.json'))) {
    const outside = vocabulary.added.filter(
      ({ content }) => !(content in files.tokenizer.model.vocab),
    )
    const ids = Object.fromEntries(outside.map(({ content, id }) => [content, id]))
    await writeJson('added_tokens.json', ids)
  }
  if (resolve(folder) === resolve(files.folder)) return
  for (const name of companions) {
    const source = join(files.folder, name)
    if (await exists(source)) await copyFile(source, join(folder, name))
  }
}

function extendConfig(config: Record<string, unknown>, vocabulary: Vocabulary) {
  const decoder = Object.fromEntries(vocabulary.added.map(({ id, ...entry }) => [id, entry]))
  return { ...extendList(config), added_tokens_decoder: decoder }
}

/** transformers 4 calls the list `additional_special_tokens`, 5 `extra_special_tokens`. */
function extendList(config: Record<string, unknown>): Record<string, unknown> {
  const key = Array.isArray(config.extra_special_tokens)
    ? 'extra_special_tokens'
    : 'additional_special_tokens'
  const listed = Array.isArray(config[key]) ? config[key] : []
  const missing = specialTokens.filter(
    (token) => !listed.some((item) => item === token || item?.content === token),
  )
  return { ...config, [key]: [...listed, ...missing] }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
