import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { ReflectionCoderError } from '../../core/index.ts'
import type { HubFile } from './choose-files.ts'
import { hubFailure, isNetworkError, statusOf } from './hub-errors.ts'
import type { HubReference } from './model-reference.ts'

export interface BlobRequest {
  readonly reference: HubReference
  readonly file: HubFile
  /** Where the content belongs; until it is whole it lies beside it as `.incomplete`. */
  readonly path: string
  /** Content from a byte on. */
  openStream(start: number): AsyncIterable<Uint8Array>
  /** Bytes of this file that are there. */
  onProgress(bytes: number): void
  readonly retryDelayMs: number
  readonly signal?: AbortSignal
}

/** Breaks in a row, without a byte in between, after which a download is given up. */
const maxBreaks = 5

/**
 * Downloads one file, going on where an earlier try stopped, and checks size and checksum before it
 * gets its name. A wrong checksum is fetched anew once.
 *
 * @throws `RC_HUB_CHECKSUM`, `RC_DISK_FULL`, and errors of the network as they come
 */
export async function downloadBlob(request: BlobRequest): Promise<void> {
  const { file, path, reference } = request
  const incomplete = `${path}.incomplete`
  await mkdir(dirname(path), { recursive: true })
  for (let attempt = 0; attempt < 2; attempt++) {
    await fetchMissing(request, incomplete)
    if (await isWhole(file, incomplete)) return rename(incomplete, path)
    await rm(incomplete, { force: true })
  }
  throw otherContent(reference, file)
}

function otherContent(reference: HubReference, file: HubFile): ReflectionCoderError {
  const { path, size } = file
  return hubFailure(
    'RC_HUB_CHECKSUM',
    reference,
    `${path} comes with other content than the hub lists: expected ${size} bytes of ${checksumOf(file)}`,
    'A proxy or mirror may serve an old copy; try later or with another HF_ENDPOINT.',
  )
}

/** The name of the content: SHA-256 of a large file, else git's SHA-1. */
export function checksumOf({ sha256, oid }: HubFile): string {
  return sha256 ?? oid
}

async function fetchMissing(request: BlobRequest, incomplete: string): Promise<void> {
  const { file, signal, retryDelayMs } = request
  let breaks = 0
  for (;;) {
    const before = await sizeOf(incomplete)
    if (before > file.size) await rm(incomplete)
    if (before === file.size && (file.size > 0 || (await exists(incomplete)))) return
    try {
      await append(request, incomplete, before > file.size ? 0 : before)
      if ((await sizeOf(incomplete)) === file.size) return
      throw new TypeError('the answer ended too early')
    } catch (error) {
      const busy = (statusOf(error) ?? 0) >= 500 || statusOf(error) === 429
      if (signal?.aborted || !(isNetworkError(error) || busy)) throw error
      breaks = (await sizeOf(incomplete)) > before ? 0 : breaks + 1
      if (breaks >= maxBreaks) throw error
      await setTimeout(retryDelayMs * 2 ** breaks, undefined, signal ? { signal } : {})
    }
  }
}

async function append(request: BlobRequest, incomplete: string, start: number): Promise<void> {
  const { file, reference, openStream, onProgress, signal } = request
  if (file.size === 0) return (await open(incomplete, 'w')).close()
  const handle = await open(incomplete, start === 0 ? 'w' : 'a')
  let done = start
  try {
    for await (const chunk of openStream(start)) {
      signal?.throwIfAborted()
      await handle.appendFile(chunk)
      done += chunk.length
      onProgress(Math.min(done, file.size))
      if (done <= file.size) continue
      if (start === 0) throw otherContent(reference, file)
      throw new TypeError('the answer begins anew') // a server without ranges; so do we
    }
  } catch (error) {
    throw isDiskFull(error) ? diskFull(incomplete, error) : error
  } finally {
    await handle.close()
  }
}

async function isWhole(file: HubFile, path: string): Promise<boolean> {
  const hash =
    file.sha256 === undefined
      ? createHash('sha1').update(`blob ${file.size}\0`)
      : createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex') === checksumOf(file)
}

const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

const isDiskFull = (error: unknown) =>
  ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '')

function diskFull(path: string, cause: unknown): ReflectionCoderError {
  return new ReflectionCoderError(`no space left while writing ${path}`, {
    code: 'RC_DISK_FULL',
    hint: 'Free some space or set HF_HOME elsewhere; the same command goes on where it stopped.',
    cause,
  })
}
