import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { DialogSegment } from '../../src/data/dialog/index.ts'
import { loadTokenizer, type Tokenizer, trainTokenizer } from '../../src/nn/tokenizer/index.ts'
import { describeParity, runPython } from './python.ts'

const fixtures = fileURLToPath(new URL('../../src/nn/tokenizer/__fixtures__/', import.meta.url))
const kinds = ['qwen2', 'qwen3', 'llama3', 'deepseek', 'gpt2', 'codellama', 'mistral', 'own']

interface Reference {
  specialIds: Record<string, number>
  plain: number[][]
  marked: number[][]
}

describeParity('tokenizer folders as they are written, read by transformers', () => {
  let folder: string
  let texts: string[]
  const tokenizers = new Map<string, Tokenizer>()
  const references = new Map<string, Reference>()

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rc-parity-'))
    const textFile = join(fixtures, 'texts.json')
    texts = JSON.parse(await readFile(textFile, 'utf8'))
    const own = join(folder, 'own-source')
    await trainTokenizer({ texts, folder: own, vocabularySize: 400 })
    for (const kind of kinds) {
      const tokenizer = await loadTokenizer(kind === 'own' ? own : join(fixtures, kind))
      await tokenizer.writeTo(join(folder, kind))
      tokenizers.set(kind, tokenizer)
    }
    const targets = kinds.map((kind) => join(folder, kind))
    const output = await runPython('reference_tokens.py', [textFile, ...targets])
    for (const [index, line] of output.trim().split('\n').entries()) {
      references.set(kinds[index]!, JSON.parse(line))
    }
  })
  afterAll(() => rm(folder, { recursive: true }))

  it.each(kinds)('give the same ids: %s', (kind) => {
    const [tokenizer, reference] = [tokenizers.get(kind)!, references.get(kind)!]
    expect(tokenizer.specialIds).toEqual(reference.specialIds)
    for (const [index, text] of texts.entries()) {
      expect(tokenizer.encodeText(text)).toEqual(reference.plain[index])
      // transformers reads literal tokens in contents as tokens, so such texts are left out here.
      if (text.includes('<')) continue
      const segments: DialogSegment[] = [
        { special: '<|user|>' },
        { special: '<|text|>' },
        { text },
        { special: '<|endofblock|>' },
      ]
      expect(tokenizer.encodeSegments(segments)).toEqual(reference.marked[index])
    }
  })
})
