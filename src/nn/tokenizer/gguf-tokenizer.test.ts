import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadTokenizer } from './tokenizer.ts'

// GGUF files of the Python package gguf: scripts/make-gguf-fixtures.py.
const fixtures = new URL('./__fixtures__/', import.meta.url).pathname

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rc-gguf-tokenizer-'))
})
afterAll(() => rm(folder, { recursive: true }))

const read = async (path: string) => JSON.parse(await readFile(join(fixtures, path), 'utf8'))

describe.each(['qwen2', 'llama3', 'deepseek', 'gpt2', 'codellama'])(
  'the GGUF file of %s',
  (kind) => {
    const path = join(fixtures, kind, 'tokenizer.gguf')

    it('gives the ids of the Rust library', async () => {
      const tokenizer = await loadTokenizer(path)
      const texts: string[] = await read('texts.json')
      expect(texts.map(tokenizer.encodeText)).toEqual(await read(`${kind}/ids.json`))
    })

    it('is the tokenizer of the Hugging Face folder', async () => {
      const [gguf, other] = [await loadTokenizer(path), await loadTokenizer(join(fixtures, kind))]
      expect(gguf).toMatchObject({
        size: other.size,
        bosId: other.bosId,
        eosId: other.eosId,
        specialIds: other.specialIds,
        addedTokens: other.addedTokens,
      })
      for (const text of await read('texts.json')) {
        const ids = other.encodeText(text)
        expect(gguf.decode(ids)).toBe(other.decode(ids))
      }
    })

    it('is written as a Hugging Face folder', async () => {
      const tokenizer = await loadTokenizer(path)
      await tokenizer.writeTo(join(folder, kind))
      const again = await loadTokenizer(join(folder, kind))
      expect(again).toMatchObject({ hash: tokenizer.hash, addedTokens: [] })
      const texts: string[] = await read('texts.json')
      expect(texts.map(again.encodeText)).toEqual(await read(`${kind}/ids.json`))
    })
  },
)

describe('metadata that cannot be used', () => {
  /** The file with one string of its metadata replaced by another of the same length. */
  const replaced = async (kind: string, from: string, to: string) => {
    const bytes = await readFile(join(fixtures, kind, 'tokenizer.gguf'))
    const at = bytes.indexOf(from)
    expect(at).toBeGreaterThan(0)
    bytes.write(to, at, 'latin1')
    const path = join(folder, `${to}.gguf`)
    await writeFile(path, bytes)
    return path
  }

  it.each([
    ['gpt2', 'gpt2', 'bert', 'tokenizer.ggml.model: expected gpt2 or llama, got "bert"'],
    ['qwen2', 'qwen2', 'qwenX', 'tokenizer.ggml.pre: expected one of llama-bpe, qwen2'],
    ['qwen2', 'ggml.tokens', 'ggml.toketh', 'its metadata lacks tokenizer.ggml.tokens'],
    ['qwen2', 'ggml.merges', 'ggml.merqes', 'its metadata lacks tokenizer.ggml.merges'],
    ['codellama', 'ggml.scores', 'ggml.stores', 'its metadata lacks tokenizer.ggml.scores'],
    ['qwen2', 'ggml.eos_token', 'ggml.eox_token', 'lacks tokenizer.ggml.eos_token_id'],
  ])('of %s with %s as %s', async (kind, from, to, problem) => {
    const path = await replaced(kind, from, to)
    const error = await loadTokenizer(path).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'RC_BAD_GGUF', status: 2 })
    expect(error.message).toContain(path)
    expect(error.message).toContain(problem)
  })
})
