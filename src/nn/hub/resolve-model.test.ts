import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type HubServer, serveHub } from './hub-server.fixture.ts'
import type { HubSettings } from './hub-settings.ts'
import { parseHubReference, renderHubReference } from './model-reference.ts'
import { resolveModel } from './resolve-model.ts'

const commit = 'c'.repeat(40)
const text = (value: unknown) => Buffer.from(JSON.stringify(value))
const bytes = (length: number, seed: number) =>
  Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31 + seed * 7) % 251))
const weights = bytes(300_000, 1)
const index = text({ weight_map: { a: 'a-1.safetensors', b: 'a-2.safetensors' } })
const repositories = {
  'org/single': {
    commit,
    files: {
      'config.json': text({ model_type: 'qwen2' }),
      'tokenizer.json': bytes(9000, 2),
      'empty.txt': Buffer.alloc(0),
      'merges.txt': Buffer.alloc(0),
      'model.safetensors': weights,
      'model.onnx': bytes(5000, 3),
      'onnx/config.json': text({}),
    },
  },
  'org/sharded': {
    commit,
    files: {
      'config.json': text({}),
      'model.safetensors.index.json': index,
      'a-1.safetensors': bytes(8000, 4),
      'a-2.safetensors': bytes(100, 5),
      'a-3.safetensors': bytes(100, 6),
    },
  },
  'org/broken': {
    commit,
    files: { 'config.json': text({}), 'model.safetensors.index.json': index },
  },
  'org/ggufs': {
    commit,
    files: { 'm-Q4_K_M.gguf': bytes(5000, 7), 'sub/m-Q8_0.gguf': bytes(6000, 8) },
  },
  'org/pickled': { commit, files: { 'config.json': text({}), 'pytorch_model.bin': bytes(10, 9) } },
  'org/gated': { commit, token: 'hf_secret', files: { 'model.safetensors': weights } },
}

let folder: string
let server: HubServer
let settings: HubSettings
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rc-hub-'))
  server = await serveHub(repositories)
  const { endpoint } = server
  settings = { endpoint, cacheFolder: join(folder, 'hub'), offline: false, retryDelayMs: 0 }
})
afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')
const contentRequests = () => server.requests.filter(({ range }) => range !== 'bytes=0-0')
const downloads = () => contentRequests().filter(({ path }) => path.includes(sha256(weights)))

describe('parseHubReference', () => {
  it.each([
    ['org/name', { repository: 'org/name', revision: 'main' }],
    ['Qwen/Qwen2.5-0.5B@v1.0', { repository: 'Qwen/Qwen2.5-0.5B', revision: 'v1.0' }],
    ['o/n:q/m.gguf', { repository: 'o/n', revision: 'main', file: 'q/m.gguf' }],
    ['o/n:m.gguf@refs/pr/1', { repository: 'o/n', revision: 'refs/pr/1', file: 'm.gguf' }],
  ])('reads %s', (name, expected) => {
    expect(parseHubReference(name)).toEqual(expected)
    expect(renderHubReference(parseHubReference(name)!)).toBe(name)
  })

  it.each([
    ...['name', './org/name', '../name', '/org/name', 'a/b/c', 'o/n:../m.gguf', 'o/n@../x'],
    ...['dir/m.gguf', 'o/n:m.bin', '', 'org/', '~/name'],
  ])('leaves %s a path', (name) => {
    expect(parseHubReference(name)).toBeUndefined()
  })
})

describe('a model on the hub', () => {
  it('is fetched once, in the layout of huggingface_hub, without what is not needed', async () => {
    const path = await resolveModel('org/single', settings)
    const root = join(folder, 'hub/models--org--single')
    expect(path).toBe(join(root, 'snapshots', commit))
    expect((await readdir(path)).sort()).toEqual([
      'config.json',
      'merges.txt',
      'model.safetensors',
      'tokenizer.json',
    ])
    expect(sha256(await readFile(join(path, 'model.safetensors')))).toBe(sha256(weights))
    expect(await readlink(join(path, 'model.safetensors'))).toBe(`../../blobs/${sha256(weights)}`)
    expect(await readFile(join(root, 'refs/main'), 'utf8')).toBe(commit)
    expect((await readdir(join(root, 'blobs'))).every((name) => /^[0-9a-f]+$/.test(name))).toBe(
      true,
    )
    const before = server.requests.length
    expect(await resolveModel('org/single@v1', settings)).toBe(path)
    expect(server.requests.slice(before).every((one) => one.path.startsWith('/api/'))).toBe(true)
  })

  it('comes in the shards that its index names', async () => {
    const path = await resolveModel('org/sharded', settings)
    expect(await readdir(path)).toContain('a-2.safetensors')
    expect(await readdir(path)).not.toContain('a-3.safetensors')
  })

  it('is a GGUF file that is named', async () => {
    const path = await resolveModel('org/ggufs:sub/m-Q8_0.gguf', settings)
    expect(await readFile(path)).toEqual(bytes(6000, 8))
  })

  it('gives way to a path that exists', async () => {
    expect(await resolveModel(folder, settings)).toBe(folder)
    expect(await resolveModel('src/nn', settings)).toBe('src/nn')
    expect(await resolveModel(join(folder, 'absent'), settings)).toBe(join(folder, 'absent'))
    expect(server.requests).toEqual([])
  })

  it('is fetched with the token, which no redirect carries elsewhere', async () => {
    const path = await resolveModel('org/gated', { ...settings, token: 'hf_secret' })
    expect(sha256(await readFile(join(path, 'model.safetensors')))).toBe(sha256(weights))
    const tokens = (at: string) =>
      new Set(server.requests.filter((one) => one.server === at).map(({ token }) => token))
    expect(tokens('hub')).toEqual(new Set(['Bearer hf_secret']))
    expect(tokens('store')).toEqual(new Set([undefined]))
  })
})

describe('a download', () => {
  it('goes on where the connection broke', async () => {
    server.faults.push({ breakAfter: 100_000 }, { breakAfter: 70_000 })
    const path = await resolveModel('org/gated', { ...settings, token: 'hf_secret' })
    expect(sha256(await readFile(join(path, 'model.safetensors')))).toBe(sha256(weights))
    expect(downloads().map(({ range }) => range)).toEqual([
      undefined,
      'bytes=100000-299999',
      'bytes=170000-299999',
    ])
  })

  it('goes on where an earlier process stopped', async () => {
    const blobs = join(folder, 'hub/models--org--gated/blobs')
    await mkdir(blobs, { recursive: true })
    await writeFile(join(blobs, `${sha256(weights)}.incomplete`), weights.subarray(0, 250_000))
    const path = await resolveModel('org/gated', { ...settings, token: 'hf_secret' })
    expect(sha256(await readFile(join(path, 'model.safetensors')))).toBe(sha256(weights))
    expect(downloads().map(({ range }) => range)).toEqual(['bytes=250000-299999'])
  })

  it('begins anew where the server knows no ranges, or a byte is wrong', async () => {
    server.faults.push({ breakAfter: 1000 }, { ignoreRange: true }, { corrupt: true })
    const path = await resolveModel('org/gated', { ...settings, token: 'hf_secret' })
    expect(sha256(await readFile(join(path, 'model.safetensors')))).toBe(sha256(weights))
  })

  it('is given up when the content stays wrong, and leaves nothing behind', async () => {
    server.faults.push({ corrupt: true }, { corrupt: true })
    const run = resolveModel('org/gated', { ...settings, token: 'hf_secret' })
    await expect(run).rejects.toMatchObject({ code: 'RC_HUB_CHECKSUM', status: 1 })
    await expect(run).rejects.toThrow(`300000 bytes of ${sha256(weights)}`)
    const root = join(folder, 'hub/models--org--gated')
    expect(await readdir(join(root, 'blobs'))).toEqual([])
    expect(await readdir(root)).toEqual(['blobs'])
  })

  it('is tried again while the hub is busy, then given up', async () => {
    server.faults.push({ status: 503 }, { status: 429 })
    await resolveModel('org/gated', { ...settings, token: 'hf_secret' })
    await rm(join(folder, 'hub'), { recursive: true })
    server.faults.push(...Array.from({ length: 9 }, () => ({ status: 503 })))
    const run = resolveModel('org/gated', { ...settings, token: 'hf_secret' })
    await expect(run).rejects.toMatchObject({ code: 'RC_HUB_UNREACHABLE', status: 1 })
    await expect(run).rejects.toThrow('answers model.safetensors with status 503')
  })

  it('stops when asked to, and goes on later', async () => {
    const interrupt = new AbortController()
    const progress = {
      start: () => ({
        update: (done: number) => (done > 60_000 ? interrupt.abort() : undefined),
        finish: () => {},
      }),
    }
    const access = { ...settings, token: 'hf_secret' }
    const context = { progress, signal: interrupt.signal }
    await expect(resolveModel('org/gated', access, context)).rejects.toMatchObject({
      code: 'RC_INTERRUPTED',
    })
    const path = await resolveModel('org/gated', access)
    expect(sha256(await readFile(join(path, 'model.safetensors')))).toBe(sha256(weights))
    expect(downloads().at(-1)?.range).toMatch(/^bytes=[1-9]/)
  })
})

describe('what cannot be fetched', () => {
  it.each([
    ['org/absent', 'RC_HUB_DENIED', 'refuses revision main (status 401)'],
    ['org/gated', 'RC_HUB_DENIED', 'refuses revision main (status 401)'],
    ['org/single@v9', 'RC_HUB_NOT_FOUND', 'revision v9 is not found'],
    ['org/ggufs:none.gguf', 'RC_HUB_NOT_FOUND', 'the repository holds no none.gguf'],
    ['org/ggufs', 'RC_HUB_NO_WEIGHTS', 'holds neither model.safetensors nor'],
    ['org/pickled', 'RC_HUB_NO_WEIGHTS', 'holds neither model.safetensors nor'],
    ['org/broken', 'RC_HUB_NO_WEIGHTS', 'names the shard a-1.safetensors'],
  ])('%s is refused with %s', async (model, code, problem) => {
    const error = await resolveModel(model, settings).catch((thrown) => thrown)
    expect(error).toMatchObject({ code, status: 2 })
    expect(error.message).toContain(`the model ${model}: `)
    expect(error.message).toContain(problem)
  })

  it('names the GGUF files to choose from', async () => {
    await expect(resolveModel('org/ggufs', settings)).rejects.toMatchObject({
      hint: 'Name one of its GGUF files after a colon: m-Q4_K_M.gguf, sub/m-Q8_0.gguf.',
    })
  })

  it('says 404 with a token, where the hub tells', async () => {
    const run = resolveModel('org/absent', { ...settings, token: 'hf_other' })
    await expect(run).rejects.toMatchObject({ code: 'RC_HUB_NOT_FOUND' })
  })
})

describe('offline', () => {
  it('uses what is complete in the cache and asks nobody', async () => {
    const path = await resolveModel('org/single', settings)
    const gguf = await resolveModel('org/ggufs:m-Q4_K_M.gguf', settings)
    const before = server.requests.length
    const offline = { ...settings, offline: true }
    expect(await resolveModel('org/single', offline)).toBe(path)
    expect(await resolveModel(`org/single@${commit}`, offline)).toBe(path)
    expect(await resolveModel('org/ggufs:m-Q4_K_M.gguf', offline)).toBe(gguf)
    expect(server.requests).toHaveLength(before)
  })

  it('refuses what is not there or lacks a shard', async () => {
    const offline = { ...settings, offline: true }
    await expect(resolveModel('org/single', offline)).rejects.toMatchObject({
      code: 'RC_HUB_OFFLINE',
      status: 2,
    })
    const path = await resolveModel('org/sharded', settings)
    await rm(join(path, 'a-2.safetensors'))
    await expect(resolveModel('org/sharded', offline)).rejects.toMatchObject({
      code: 'RC_HUB_OFFLINE',
    })
  })

  it('uses the cache when the hub does not answer', async () => {
    const path = await resolveModel('org/single', settings)
    await server.close()
    expect(await resolveModel('org/single', settings)).toBe(path)
    await expect(resolveModel('org/sharded', settings)).rejects.toMatchObject({
      code: 'RC_HUB_UNREACHABLE',
      status: 1,
    })
  })
})
