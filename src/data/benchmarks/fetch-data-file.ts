import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { ReflectionCoderError, writeFileAtomic } from '../../core/index.ts'
import type { DataFile } from './data-files.ts'

export interface FetchDataOptions {
  /** A server that holds the files under their own names, in place of where they come from. */
  mirror?: string
  signal?: AbortSignal
  /** Called with the bytes that have arrived, and their number in the end where it is known. */
  onProgress?: (received: number, total: number | undefined) => void
}

export interface FetchedFile {
  path: string
  /** Whether it was there already, with the right content. */
  present: boolean
}

/**
 * Downloads a file into a data folder. What has arrived of an interrupted download is kept and gone
 * on with; the file gets its name when its content has been checked.
 *
 * @throws ReflectionCoderError `RC_DOWNLOAD_FAILED`, `RC_DOWNLOAD_MISMATCH`.
 */
export async function fetchDataFile(
  name: string,
  file: DataFile,
  folder: string,
  options: FetchDataOptions = {},
): Promise<FetchedFile> {
  const path = join(folder, name)
  if (contentHash(name, await readFile(path).catch(() => undefined)) === file.sha256) {
    return { path, present: true }
  }
  await mkdir(dirname(path), { recursive: true })
  const source: DataFile =
    options.mirror === undefined
      ? file
      : { sha256: file.sha256, url: new URL(name, withSlash(options.mirror)).href }
  const part = `${path}.part`
  const resumed = await download(source.url, part, options)
  let bytes = await contentOf(part, name, source)
  if (bytes === undefined && resumed) {
    // What was there before may have been of another file.
    await rm(part, { force: true })
    await download(source.url, part, options)
    bytes = await contentOf(part, name, source)
  }
  if (bytes === undefined) {
    await rm(part, { force: true })
    throw new ReflectionCoderError(
      `${source.url} is not the file that was expected: its content should have sha256 ${file.sha256}`,
      {
        code: 'RC_DOWNLOAD_MISMATCH',
        hint: `Try again, take another --mirror, or put ${name} into ${folder} by hand.`,
      },
    )
  }
  await writeFileAtomic(path, bytes)
  await rm(part, { force: true })
  return { path, present: false }
}

/** Loads a URL into a file, going on after what is there; tells whether it went on. */
async function download(
  url: string,
  part: string,
  { signal, onProgress }: FetchDataOptions,
): Promise<boolean> {
  const before = (await stat(part).catch(() => undefined))?.size ?? 0
  const fault = (what: string, cause?: unknown) =>
    new ReflectionCoderError(`cannot download ${url}: ${what}`, {
      code: 'RC_DOWNLOAD_FAILED',
      hint: 'Check the network and run the command again: it goes on where it stopped.',
      cause,
    })
  try {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' }
    if (before > 0) headers.range = `bytes=${before}-`
    const response = await fetch(url, { headers, ...(signal ? { signal } : {}) })
    // 416: there is nothing after what is there.
    if (response.status === 416 && before > 0) return true
    if (!response.ok || response.body === null)
      throw fault(`the server answered ${response.status}`)
    const goesOn = response.status === 206
    const length = Number(response.headers.get('content-length') ?? Number.NaN)
    const start = goesOn ? before : 0
    const total = Number.isNaN(length) ? undefined : start + length
    let received = start
    const target = await open(part, goesOn ? 'a' : 'w')
    try {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        await target.appendFile(chunk)
        received += chunk.length
        onProgress?.(received, total)
      }
    } finally {
      await target.close()
    }
    if (total !== undefined && received < total)
      throw fault(`it ended after ${received} of ${total} bytes`)
    return goesOn
  } catch (error) {
    if (error instanceof ReflectionCoderError || signal?.aborted) throw error
    const { message, cause } = error as Error & { cause?: Error }
    throw fault(cause?.message || message, error)
  }
}

/** The bytes to keep of a finished download; undefined when they are not the right ones. */
async function contentOf(
  part: string,
  name: string,
  { plain, lines, sha256 }: DataFile,
): Promise<Uint8Array | undefined> {
  const downloaded = await readFile(part)
  const bytes = plain ? gzipSync(firstLines(downloaded, lines)) : downloaded
  return contentHash(name, bytes) === sha256 ? bytes : undefined
}

function firstLines(bytes: Buffer, count: number | undefined): Buffer {
  if (count === undefined) return bytes
  let end = 0
  for (let line = 0; line < count; line++) {
    const next = bytes.indexOf(0x0a, end)
    if (next < 0) return bytes
    end = next + 1
  }
  return bytes.subarray(0, end)
}

function contentHash(name: string, bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined
  try {
    const content = name.endsWith('.gz') ? gunzipSync(bytes) : bytes
    return createHash('sha256').update(content).digest('hex')
  } catch {
    return undefined
  }
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`
}
