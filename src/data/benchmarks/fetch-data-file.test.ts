import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fetchDataFile } from './fetch-data-file.ts'

const content = Buffer.from(Array.from({ length: 5000 }, (_, line) => `line ${line}\n`).join(''))
const zipped = gzipSync(content)
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

let server: Server
let base: string
let answer: (request: IncomingMessage, response: ServerResponse) => void
let ranges: (string | undefined)[]
let folder: string
beforeAll(async () => {
  server = createServer((request, response) => {
    ranges.push(request.headers.range)
    answer(request, response)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())
beforeEach(async () => {
  ranges = []
  answer = serve(zipped)
  folder = await mkdtemp(join(tmpdir(), 'fetch-'))
  return () => rm(folder, { recursive: true, force: true })
})

/** Answers with bytes and understands ranges. */
function serve(bytes: Buffer): typeof answer {
  return (request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    if (start >= bytes.length) response.writeHead(416).end()
    else {
      const status = request.headers.range === undefined ? 200 : 206
      response.writeHead(status, { 'content-length': bytes.length - start })
      response.end(bytes.subarray(start))
    }
  }
}

const file = () => ({ sha256: sha256(content), url: `${base}/some/where.gz` })

describe('fetchDataFile', () => {
  it('downloads, checks and places a file, and leaves one that is there', async () => {
    const seen: number[] = []
    const fetched = await fetchDataFile('a/b.jsonl.gz', file(), folder, {
      onProgress: (received) => seen.push(received),
    })
    expect(fetched).toEqual({ path: join(folder, 'a/b.jsonl.gz'), present: false })
    expect(gunzipSync(await readFile(fetched.path))).toEqual(content)
    expect(seen.at(-1)).toBe(zipped.length)
    expect(await readdir(join(folder, 'a'))).toEqual(['b.jsonl.gz'])
    expect(await fetchDataFile('a/b.jsonl.gz', file(), folder)).toMatchObject({ present: true })
    expect(ranges).toHaveLength(1)
  })

  it('replaces a file whose content is another', async () => {
    await writeFile(join(folder, 'b.gz'), 'old')
    await fetchDataFile('b.gz', file(), folder)
    expect(gunzipSync(await readFile(join(folder, 'b.gz')))).toEqual(content)
  })

  it('goes on after what an interrupted download left', async () => {
    let cut = () => {}
    answer = (_, response) => {
      cut = () => response.destroy()
      response.writeHead(200, { 'content-length': zipped.length })
      response.write(zipped.subarray(0, 100))
    }
    const onProgress = () => cut()
    await expect(fetchDataFile('b.gz', file(), folder, { onProgress })).rejects.toMatchObject({
      code: 'RC_DOWNLOAD_FAILED',
      status: 1,
    })
    expect(await readdir(folder)).toEqual(['b.gz.part'])
    answer = serve(zipped)
    await fetchDataFile('b.gz', file(), folder)
    expect(ranges).toEqual([undefined, 'bytes=100-'])
    expect(gunzipSync(await readFile(join(folder, 'b.gz')))).toEqual(content)
    expect(await readdir(folder)).toEqual(['b.gz'])
  })

  it('starts anew when what was left was of another file, or the server knows no ranges', async () => {
    await writeFile(join(folder, 'b.gz.part'), 'something else')
    await fetchDataFile('b.gz', file(), folder)
    expect(ranges).toEqual(['bytes=14-', undefined])
    await writeFile(join(folder, 'c.gz.part'), zipped.subarray(0, 50))
    answer = (_, response) => response.end(zipped)
    await fetchDataFile('c.gz', file(), folder)
    expect(gunzipSync(await readFile(join(folder, 'c.gz')))).toEqual(content)
  })

  it('cuts and compresses a plain file', async () => {
    answer = serve(content)
    const head = Buffer.from('line 0\nline 1\n')
    const source = { ...file(), sha256: sha256(head), plain: true as const, lines: 2 }
    const { path } = await fetchDataFile('head.gz', source, folder)
    expect(gunzipSync(await readFile(path))).toEqual(head)
  })

  it('takes files from a mirror under their own names', async () => {
    const asked: (string | undefined)[] = []
    answer = (request, response) => {
      asked.push(request.url)
      response.end(zipped)
    }
    const source = { ...file(), url: 'http://127.0.0.1:1/', plain: true as const }
    await fetchDataFile('multipl-e/b.gz', source, folder, { mirror: `${base}/data` })
    expect(asked).toEqual(['/data/multipl-e/b.gz'])
  })

  it('refuses content that is not the expected one and leaves nothing', async () => {
    answer = serve(gzipSync('other'))
    await expect(fetchDataFile('b.gz', file(), folder)).rejects.toMatchObject({
      code: 'RC_DOWNLOAD_MISMATCH',
      message: expect.stringContaining(sha256(content)),
    })
    expect(await readdir(folder)).toEqual([])
  })

  it('names the answer of a server that has no such file, and one that is not there', async () => {
    answer = (_, response) => response.writeHead(404).end()
    await expect(fetchDataFile('b.gz', file(), folder)).rejects.toMatchObject({
      code: 'RC_DOWNLOAD_FAILED',
      message: `cannot download ${base}/some/where.gz: the server answered 404`,
    })
    const nowhere = { ...file(), url: 'http://127.0.0.1:1/x' }
    await expect(fetchDataFile('b.gz', nowhere, folder)).rejects.toMatchObject({
      code: 'RC_DOWNLOAD_FAILED',
      hint: expect.stringContaining('goes on where it stopped'),
    })
  })
})
