import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { downloadFile, fileDownloadInfo, listFiles, modelInfo } from '@huggingface/hub'
import { InterruptedError, type Progress } from '../../core/index.ts'
import { chooseFiles, chooseShards, type HubFile, weightsIndex } from './choose-files.ts'
import { checksumOf, downloadBlob } from './download-blob.ts'
import type { RepositoryCache } from './hub-cache.ts'
import { explainHubError, hubInputError } from './hub-errors.ts'
import type { HubSettings } from './hub-settings.ts'
import { type HubReference, renderHubReference } from './model-reference.ts'

/** Fetches what the cache lacks of a model; returns the folder of its snapshot, or its GGUF file. */
export async function downloadModel(
  reference: HubReference,
  settings: HubSettings,
  cache: RepositoryCache,
  { progress, signal }: { progress: Progress; signal?: AbortSignal },
): Promise<string> {
  const client = createClient(reference, settings, signal)
  const commit = await client.readCommit()
  const listed = await client.listFiles(commit)
  const chosen = chooseFiles(reference, listed)
  const files = chosen.kind === 'gguf' ? [chosen.file] : chosen.files
  const total = files.reduce((sum, { size }) => sum + size, 0)
  const isSharded = chosen.kind === 'folder' && chosen.index !== undefined
  const label = `fetch ${renderHubReference(reference)}`
  const task = progress.start(label, isSharded ? 0 : total)
  let fetched = 0

  async function fetchFile(file: HubFile): Promise<void> {
    const checksum = checksumOf(file)
    const path = cache.blobPath(checksum)
    const whole = await stat(path).catch(() => undefined)
    if (whole === undefined) {
      await client.explained(file.path, () =>
        downloadBlob({
          reference,
          file,
          path,
          openStream: (start) => client.openStream(commit, file, start),
          onProgress: (bytes) => task.update(fetched + bytes, `${file.path}, ${megabytes(bytes)}`),
          retryDelayMs: settings.retryDelayMs ?? 500,
          ...(signal ? { signal } : {}),
        }),
      )
    }
    fetched += file.size
    task.update(fetched, file.path)
    await cache.link(commit, file.path, checksum)
  }

  const snapshot = cache.snapshotPath(commit)
  for (const file of files) await fetchFile(file)
  if (isSharded) {
    const index = await readFile(join(snapshot, weightsIndex), 'utf8')
    for (const shard of chooseShards(reference, index, listed)) await fetchFile(shard)
  }
  // Last, so that offline nothing points at a snapshot that is not complete.
  await cache.writeReference(reference.revision, commit)
  task.finish()
  return chosen.kind === 'gguf' ? join(snapshot, chosen.file.path) : snapshot
}

/** The official client, bound to one repository, with its errors explained. */
function createClient(
  reference: HubReference,
  { endpoint, token }: HubSettings,
  signal: AbortSignal | undefined,
) {
  const { repository, revision } = reference
  const repo = { type: 'model' as const, name: repository }
  const fetchWithSignal: typeof fetch = (input, init) =>
    fetch(input, { ...init, ...(signal ? { signal } : {}) })
  const access = {
    hubUrl: endpoint,
    fetch: fetchWithSignal,
    ...(token === undefined ? {} : { accessToken: token }),
  }
  const explained = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (signal?.aborted) throw new InterruptedError()
      throw explainHubError(error, reference, endpoint, what)
    }
  }
  return {
    explained,
    readCommit: () =>
      explained(`revision ${revision}`, async () => {
        const options = { name: repository, revision, additionalFields: ['sha' as const] }
        return (await modelInfo({ ...access, ...options })).sha
      }),
    listFiles: (commit: string) =>
      explained('the list of files', async () => {
        const files: HubFile[] = []
        const options = { repo, revision: commit, recursive: true }
        for await (const { type, path, size, oid, lfs } of listFiles({ ...access, ...options })) {
          if (type !== 'file' || oid === undefined) continue
          files.push({ path, size, oid, ...(lfs === undefined ? {} : { sha256: lfs.oid }) })
        }
        return files
      }),
    async *openStream(commit: string, { path, size }: HubFile, start: number) {
      let status: number | undefined
      const watchedFetch: typeof fetch = async (input, init) => {
        const response = await fetchWithSignal(input, init)
        status = response.ok ? undefined : response.status
        return response
      }
      const place = { ...access, fetch: watchedFetch, repo, path, revision: commit }
      const info = await fileDownloadInfo(place)
      const blob = info && (await downloadFile({ ...place, downloadInfo: info }))
      if (!blob) {
        const hint = 'Choose another revision.'
        throw hubInputError('RC_HUB_NOT_FOUND', reference, `${path} is not found`, hint)
      }
      const rest = start === 0 ? blob : blob.slice(start, size)
      try {
        yield* rest.stream() as ReadableStream<Uint8Array>
      } catch (error) {
        // The client breaks its stream off with a bare message, without the status.
        if (typeof error !== 'string') throw error
        throw status === undefined
          ? new TypeError(error)
          : Object.assign(new Error(error), { statusCode: status })
      }
    },
  }
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
