import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '../../core/index.ts'

/** An entry of `added_tokens` in tokenizer.json. */
export interface AddedTokenEntry {
  id: number
  content: string
  single_word: boolean
  lstrip: boolean
  rstrip: boolean
  normalized: boolean
  special: boolean
}

/** The parts of tokenizer.json that are read here (BPE only); other keys are kept as they are. */
export interface TokenizerJson {
  added_tokens: AddedTokenEntry[]
  normalizer: unknown
  pre_tokenizer: unknown
  post_processor: unknown
  decoder: unknown
  model: {
    vocab: Record<string, number>
    merges: (string | [string, string])[]
    [key: string]: unknown
  }
  [key: string]: unknown
}

export interface TokenizerFiles {
  folder: string
  tokenizer: TokenizerJson
  /** tokenizer_config.json, or an empty object. */
  config: Record<string, unknown>
  /** special_tokens_map.json, where the folder has one. */
  specialTokensMap: Record<string, unknown> | undefined
  /** config.json of the model, where the folder has one. */
  modelConfig: Record<string, unknown> | undefined
}

/** Reads the tokenizer's files of a Hugging Face model folder. */
export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const tokenizer = await readJsonObject(join(folder, 'tokenizer.json'))
  if (tokenizer === undefined) {
    throw new InputError(`the model folder ${folder} has no tokenizer.json`, {
      code: 'RC_NO_TOKENIZER',
      hint: 'Give a folder as transformers saves it; one with tokenizer.model only is converted by AutoTokenizer.from_pretrained(…).save_pretrained(…).',
    })
  }
  checkShape(join(folder, 'tokenizer.json'), tokenizer)
  return {
    folder,
    tokenizer: tokenizer as TokenizerJson,
    config: (await readJsonObject(join(folder, 'tokenizer_config.json'))) ?? {},
    specialTokensMap: await readJsonObject(join(folder, 'special_tokens_map.json')),
    modelConfig: await readJsonObject(join(folder, 'config.json')),
  }
}

/** A tokenizer folder that cannot be used; `problem` goes on after the file's path. */
export function badTokenizer(path: string, problem: string, cause?: unknown): InputError {
  return new InputError(`${path}: ${problem}`, {
    code: 'RC_BAD_TOKENIZER',
    hint: 'Fetch the folder again, or save it anew with transformers.',
    cause,
  })
}

async function readJsonObject(path: string): Promise<Record<string, unknown> | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw badTokenizer(path, `cannot be read (${code})`, error)
  }
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch (error) {
    throw badTokenizer(path, 'expected JSON, but it does not parse', error)
  }
  throw badTokenizer(path, 'expected a JSON object')
}

function checkShape(path: string, json: Record<string, unknown>): void {
  const { model } = json
  if (!isObject(model)) throw badTokenizer(path, 'expected an object "model"')
  if ((model.type ?? 'BPE') !== 'BPE') {
    throw badTokenizer(path, `expected a model of type "BPE", got ${JSON.stringify(model.type)}`)
  }
  if (!isObject(model.vocab) || !Object.values(model.vocab).every(Number.isInteger)) {
    throw badTokenizer(path, 'expected tokens with their ids in "model.vocab"')
  }
  if (!Array.isArray(model.merges)) throw badTokenizer(path, 'expected a list "model.merges"')
  json.added_tokens ??= []
  const { added_tokens: added } = json
  const complete = (entry: unknown) =>
    isObject(entry) && typeof entry.content === 'string' && Number.isInteger(entry.id)
  if (!Array.isArray(added) || !added.every(complete)) {
    throw badTokenizer(path, 'expected entries with "id" and "content" in "added_tokens"')
  }
  for (const part of ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder']) {
    json[part] ??= null
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
