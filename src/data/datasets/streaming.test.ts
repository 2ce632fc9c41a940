import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBytes } from './open-bytes.ts'
import { readJsonLines } from './read-json-lines.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rc-stream-'))
})
afterAll(() => rm(folder, { recursive: true }))

const megabyte = 2 ** 20

it('reads no further ahead than a few chunks', async () => {
  // Reading a sparse terabyte, one line at a time, ends only if the rest is never touched.
  const path = join(folder, 'sparse.jsonl')
  const file = await open(path, 'w')
  await file.write('{"n":1}\n{"n":2}\n')
  await file.truncate(2 ** 40)
  await file.close()
  const before = process.memoryUsage()
  for await (const { line, value } of readJsonLines(path)) {
    expect(value).toEqual({ n: line })
    if (line === 2) break
  }
  const after = process.memoryUsage()
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2 * megabyte)
})

it('holds compressed input back while the reader is busy', async () => {
  const path = join(folder, 'zeros.gz')
  await writeFile(path, gzipSync(Buffer.alloc(64 * megabyte)))
  const stream = openBytes(path)
  const first = await stream.next()
  await new Promise((resolve) => setImmediate(resolve))
  const before = process.memoryUsage().arrayBuffers
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * megabyte)
  let bytes = first.value?.length ?? 0
  for await (const chunk of stream) bytes += chunk.length
  expect(bytes).toBe(64 * megabyte)
})

it('refuses a line without an end before memory runs out', async () => {
  const path = join(folder, 'endless.jsonl.gz')
  await writeFile(path, gzipSync(Buffer.alloc(3 * megabyte, 0x20)))
  const read = async () => {
    for await (const _ of readJsonLines(path, { maximumLineBytes: 2 * megabyte }));
  }
  await expect(read()).rejects.toMatchObject({
    code: 'RC_LINE_TOO_LONG',
    message: `${path}, line 1: longer than 2 MiB without a line end`,
  })
})
