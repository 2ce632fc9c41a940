import { badGguf, type GgufMetadata } from '../weights/index.ts'
import { findPreTokenizer } from './gguf-pre-tokenizers.ts'

/** What a token is, as numbered in the file. */
export const tokenKinds = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 }

export interface GgufVocabulary {
  readonly model: string
  /** Name of the way in which text is cut before merging. */
  readonly pre: string | undefined
  readonly tokens: readonly string[]
  readonly kinds: readonly number[]
  readonly merges: readonly string[] | undefined
  readonly scores: readonly number[] | undefined
  readonly bos: string | undefined
  readonly eos: string
  readonly addSpacePrefix: boolean
  readonly chatTemplate: { chat_template?: string }
}

/**
 * Reads the lists and ids of a tokenizer from metadata.
 *
 * @throws `RC_BAD_GGUF` naming the key
 */
export function readGgufVocabulary(path: string, metadata: GgufMetadata): GgufVocabulary {
  const get = (key: string) => metadata.get(`tokenizer.ggml.${key}`)
  const list = <T>(key: string, type: 'string' | 'number'): T[] | undefined => {
    const value = get(key)
    if (value === undefined) return undefined
    if (Array.isArray(value) && value.every((item) => typeof item === type)) return value as T[]
    throw badGguf(path, `tokenizer.ggml.${key}: expected a list of ${type}s`)
  }
  const model = get('model')
  if (model !== 'gpt2' && model !== 'llama') {
    const found = model === undefined ? 'nothing' : JSON.stringify(model)
    throw badGguf(
      path,
      `tokenizer.ggml.model: expected gpt2 or llama, got ${found}`,
      'Choose a model whose tokenizer is byte-pair encoding.',
    )
  }
  const tokens = list<string>('tokens', 'string')
  if (tokens === undefined) throw badGguf(path, 'its metadata lacks tokenizer.ggml.tokens')
  const kinds = list<number>('token_type', 'number') ?? tokens.map(() => tokenKinds.normal)
  const scores = list<number>('scores', 'number')
  for (const [key, items] of Object.entries({ token_type: kinds, scores })) {
    if (items === undefined || items.length === tokens.length) continue
    const sizes = `expected ${tokens.length} items, one a token, got ${items.length}`
    throw badGguf(path, `tokenizer.ggml.${key}: ${sizes}`)
  }
  const named = (key: string) => {
    const id = get(`${key}_token_id`)
    if (id === undefined) return undefined
    const token = tokens[id as number]
    if (token !== undefined) return token
    const range = `expected an id below ${tokens.length}, got ${String(id)}`
    throw badGguf(path, `tokenizer.ggml.${key}_token_id: ${range}`)
  }
  const eos = named('eos')
  if (eos === undefined) throw badGguf(path, 'its metadata lacks tokenizer.ggml.eos_token_id')
  const pre = get('pre') as string | undefined
  const startsByDefault = model === 'llama' || findPreTokenizer(pre)?.addsBos === true
  const template = metadata.get('tokenizer.chat_template')
  return {
    model,
    pre,
    tokens,
    kinds,
    merges: list<string>('merges', 'string'),
    scores,
    bos: (get('add_bos_token') ?? startsByDefault) ? named('bos') : undefined,
    eos,
    addSpacePrefix: get('add_space_prefix') !== false,
    chatTemplate: typeof template === 'string' ? { chat_template: template } : {},
  }
}
