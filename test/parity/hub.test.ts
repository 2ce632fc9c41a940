import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serveHub } from '../../src/nn/hub/hub-server.fixture.ts'
import { resolveModel } from '../../src/nn/hub/index.ts'
import { describeParity, runPython } from './python.ts'

const files = {
  'config.json': Buffer.from('{}'),
  'tokenizer.json': Buffer.alloc(5000, 'x'),
  'model.safetensors': Buffer.alloc(200_000, 'y'),
}

describeParity('the cache and huggingface_hub', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rc-hub-parity-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('read what the other fetched, with the same blobs and links', async () => {
    const commit = 'b'.repeat(40)
    const server = await serveHub({ 'org/model': { commit, files } })
    const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')]
    const settings = { endpoint: server.endpoint, cacheFolder: ours, offline: false }
    const path = await resolveModel('org/model', settings)
    const output = await runPython('reference_hub.py', [
      ...[server.endpoint, ours, theirs],
      'org/model',
    ])
    await server.close()
    const result = JSON.parse(output)
    expect(result).toMatchObject({ found: path, warnings: [], refs: ['main'] })
    expect(result.files).toEqual({
      'config.json': 2,
      'model.safetensors': 200_000,
      'tokenizer.json': 5000,
    })
    const offline = { ...settings, cacheFolder: theirs, offline: true }
    expect(await resolveModel('org/model', offline)).toBe(result.fetched)
    for (const name of await readdir(result.fetched)) {
      expect(await readlink(join(path, name))).toBe(await readlink(join(result.fetched, name)))
      expect((await readFile(join(path, name))).equals(files[name as keyof typeof files])).toBe(
        true,
      )
    }
  })
})
