import { basename } from 'node:path'
import { hubInputError } from './hub-errors.ts'
import type { HubReference } from './model-reference.ts'

/** A file of a repository as the hub lists it. */
export interface HubFile {
  readonly path: string
  readonly size: number
  /** Git's checksum of the content (SHA-1), or of the pointer where `sha256` is there. */
  readonly oid: string
  /** Checksum of a large file. */
  readonly sha256?: string
}

export const weightsIndex = 'model.safetensors.index.json'

/** Files beside the weights that say how to use them. */
const companions = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'tokenizer.model',
  'chat_template.jinja',
  'chat_template.json',
]

export type ChosenFiles =
  | { readonly kind: 'gguf'; readonly file: HubFile }
  /** Where `index` is there, the shards it names are still to come. */
  | { readonly kind: 'folder'; readonly files: readonly HubFile[]; readonly index?: HubFile }

/**
 * The files of a repository that a model needs: the GGUF file that was asked for, else safetensors
 * with configuration and tokenizer, else the only GGUF file there is.
 *
 * @throws `RC_HUB_NOT_FOUND`, `RC_HUB_NO_WEIGHTS`
 */
export function chooseFiles(reference: HubReference, listed: readonly HubFile[]): ChosenFiles {
  const byPath = new Map(listed.map((file) => [file.path, file]))
  const ggufs = listed.filter(({ path }) => path.endsWith('.gguf'))
  const names = ggufs.map(({ path }) => path).join(', ')
  if (reference.file !== undefined) {
    const file = byPath.get(reference.file)
    if (file !== undefined) return { kind: 'gguf', file }
    throw hubInputError(
      'RC_HUB_NOT_FOUND',
      reference,
      `the repository holds no ${reference.file}`,
      names === '' ? 'It holds no GGUF files.' : `It holds ${names}.`,
    )
  }
  const others = companions.flatMap((name) => byPath.get(name) ?? [])
  const single = byPath.get('model.safetensors')
  if (single !== undefined) return { kind: 'folder', files: [...others, single] }
  const index = byPath.get(weightsIndex)
  if (index !== undefined) return { kind: 'folder', files: [...others, index], index }
  if (ggufs.length === 1) return { kind: 'gguf', file: ggufs[0] as HubFile }
  throw hubInputError(
    'RC_HUB_NO_WEIGHTS',
    reference,
    `the repository holds neither model.safetensors nor ${weightsIndex}`,
    ggufs.length > 1
      ? `Name one of its GGUF files after a colon: ${names}.`
      : 'Choose a model with safetensors or GGUF weights.',
  )
}

/** The shards that an index names. */
export function chooseShards(
  reference: HubReference,
  indexText: string,
  listed: readonly HubFile[],
): HubFile[] {
  const byPath = new Map(listed.map((file) => [file.path, file]))
  return shardNames(indexText).map((name) => {
    const file = byPath.get(name)
    if (file !== undefined && basename(name) === name) return file
    throw hubInputError(
      'RC_HUB_NO_WEIGHTS',
      reference,
      `${weightsIndex} names the shard ${name}, which the repository does not hold`,
      'The repository is not complete; choose another revision.',
    )
  })
}

/** Names of the shards in the text of an index; none where it cannot be read. */
export function shardNames(indexText: string): string[] {
  try {
    const { weight_map: map } = JSON.parse(indexText) as { weight_map?: Record<string, string> }
    return [...new Set(Object.values(map ?? {}))].sort()
  } catch {
    return []
  }
}
