import { join } from 'node:path'
import { type SpecialToken, specialTokens } from '../../data/dialog/index.ts'
import { type AddedTokenEntry, badTokenizer, type TokenizerFiles } from './tokenizer-files.ts'

/** Which id each token has once the seven tokens are there. */
export interface Vocabulary {
  /** Token text by id as tokenizer.json spells it; ids without a token are left out. */
  tokens: Map<number, string>
  /** Entries of `added_tokens`, those of the seven included and marked special, by id. */
  added: AddedTokenEntry[]
  specialIds: Record<SpecialToken, number>
  /** Those of the seven that the folder lacked. */
  newTokens: { token: SpecialToken; id: number }[]
  bosId: number | undefined
  eosId: number
}

/** Gives the seven tokens their ids: those of the folder, else new ones from its highest id + 1. */
export function createVocabulary(files: TokenizerFiles): Vocabulary {
  const ids = new Map(Object.entries(files.tokenizer.model.vocab))
  for (const { content, id } of files.tokenizer.added_tokens) ids.set(content, id)
  const tokens = new Map([...ids].map(([token, id]) => [id, token]))
  let nextId = [...tokens.keys()].reduce((highest, id) => Math.max(highest, id), -1) + 1

  const entries = files.tokenizer.added_tokens.map((entry) => ({ ...plainEntry, ...entry }))
  const added = new Map(entries.map((entry) => [entry.content, entry]))
  const addSpecial = (token: string, id: number) =>
    added.set(token, { ...plainEntry, ...added.get(token), id, content: token, special: true })
  for (const token of listNamedTokens(files.config)) {
    const id = ids.get(token)
    if (id !== undefined) addSpecial(token, id)
  }
  const newTokens: Vocabulary['newTokens'] = []
  const specialIds: Partial<Record<SpecialToken, number>> = {}
  for (const token of specialTokens) {
    const known = ids.get(token)
    const id = known ?? nextId++
    if (known === undefined) newTokens.push({ token, id })
    addSpecial(token, id)
    tokens.set(id, token)
    specialIds[token] = id
  }
  return {
    tokens,
    added: [...added.values()].sort((a, b) => a.id - b.id),
    specialIds: specialIds as Record<SpecialToken, number>,
    newTokens,
    bosId: findNamedToken(files, 'bos_token', ids),
    eosId: findEos(files, ids),
  }
}

/** Names under which tokenizer_config.json declares special tokens. */
const namedTokenKeys = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const

/** The text of a token in tokenizer_config.json: a string or an object with `content`. */
function readTokenText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  const content = (value as { content?: unknown } | null | undefined)?.content
  return typeof content === 'string' ? content : undefined
}

const plainEntry: Omit<AddedTokenEntry, 'id' | 'content'> = {
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: false,
}

function listNamedTokens(config: Record<string, unknown>): string[] {
  const lists = [config.additional_special_tokens, config.extra_special_tokens]
  const values = [
    ...namedTokenKeys.map((key) => config[key]),
    ...lists.filter(Array.isArray).flat(),
  ]
  return values.map(readTokenText).filter((text) => text !== undefined)
}

function findNamedToken(
  files: TokenizerFiles,
  key: 'bos_token' | 'eos_token',
  ids: ReadonlyMap<string, number>,
): number | undefined {
  const declared = key in files.config ? files.config : (files.specialTokensMap ?? {})
  const text = readTokenText(declared[key])
  if (text === undefined) return undefined
  const id = ids.get(text)
  if (id !== undefined) return id
  const path = join(files.folder, 'tokenizer_config.json')
  throw badTokenizer(path, `${key} is ${JSON.stringify(text)}, which tokenizer.json does not have`)
}

function findEos(files: TokenizerFiles, ids: ReadonlyMap<string, number>): number {
  const named = findNamedToken(files, 'eos_token', ids)
  if (named !== undefined) return named
  const [id] = [files.modelConfig?.eos_token_id].flat()
  if (typeof id === 'number') return id
  const path = join(files.folder, 'tokenizer_config.json')
  throw badTokenizer(path, 'expected an "eos_token" (none in config.json either)')
}
