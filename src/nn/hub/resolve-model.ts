import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { lockFolder, type Progress, silentProgress } from '../../core/index.ts'
import { shardNames, weightsIndex } from './choose-files.ts'
import { openRepositoryCache, type RepositoryCache } from './hub-cache.ts'
import { hubInputError } from './hub-errors.ts'
import type { HubSettings } from './hub-settings.ts'
import { type HubReference, parseHubReference } from './model-reference.ts'

export interface ResolveContext {
  progress?: Progress
  signal?: AbortSignal
}

/**
 * The local path of a model that is given as a folder, a file or the id of a model on the hub
 * (`org/name`, `org/name:file.gguf`, with `@revision`). What is not in the cache is downloaded with
 * the official client, resumed where it stopped, and checked. A path that exists always wins.
 *
 * @throws `RC_HUB_OFFLINE`, `RC_HUB_UNREACHABLE`, `RC_HUB_DENIED`, `RC_HUB_NOT_FOUND`,
 * `RC_HUB_NO_WEIGHTS`, `RC_HUB_CHECKSUM`, `RC_FOLDER_IN_USE`
 */
export async function resolveModel(
  model: string,
  settings: HubSettings,
  { progress = silentProgress, signal }: ResolveContext = {},
): Promise<string> {
  const reference = parseHubReference(model)
  if (reference === undefined || (await exists(model))) return model
  const cache = openRepositoryCache(settings.cacheFolder, reference)
  if (settings.offline) {
    const found = await findCached(cache, reference)
    if (found !== undefined) return found
    throw hubInputError(
      'RC_HUB_OFFLINE',
      reference,
      `neither a path here nor complete in the cache ${settings.cacheFolder}, and the hub is off`,
      'Unset HF_HUB_OFFLINE to fetch it, or give a folder or a .gguf file.',
    )
  }
  const release = await lockFolder(cache.lockPath)
  try {
    // The client is large and needed for nothing else.
    const { downloadModel } = await import('./download-model.ts')
    const context = { progress, ...(signal ? { signal } : {}) }
    return await downloadModel(reference, settings, cache, context)
  } catch (error) {
    const found = isUnreachable(error) ? await findCached(cache, reference) : undefined
    if (found === undefined) throw error
    return found
  } finally {
    await release()
  }
}

/** What an earlier download left, if it is complete. */
async function findCached(
  cache: RepositoryCache,
  { revision, file }: HubReference,
): Promise<string | undefined> {
  const commit = await cache.readReference(revision)
  if (commit === undefined) return undefined
  const folder = cache.snapshotPath(commit)
  const has = (name: string) => exists(join(folder, name))
  if (file !== undefined) return (await has(file)) ? join(folder, file) : undefined
  if (!(await has('config.json'))) return undefined
  if (await has('model.safetensors')) return folder
  const index = await readFile(join(folder, weightsIndex), 'utf8').catch(() => '')
  const shards = shardNames(index)
  const there = await Promise.all(shards.map(has))
  return shards.length > 0 && there.every(Boolean) ? folder : undefined
}

function isUnreachable(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'RC_HUB_UNREACHABLE'
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )
