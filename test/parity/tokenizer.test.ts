import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRandom } from '../../src/core/index.ts'
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

/** Ranges of code points from which hostile text is drawn; surrogates are left out. */
const ranges = [
  [0x00, 0x7f],
  [0x20, 0x40],
  [0x80, 0x24f],
  [0x250, 0x36f],
  [0x370, 0x1fff],
  [0x2000, 0x2fff],
  [0x3000, 0xd7ff],
  [0xe000, 0xffff],
  [0x10000, 0x1ffff],
  [0x20000, 0x10ffff],
] as const

/** Up to 40 characters, runs of one kind and mixtures, assigned or not. */
function randomText(index: number): string {
  const random = createRandom(5, 'hostile-text', index)
  let text = ''
  for (let runs = 1 + random.integer(6); runs > 0; runs--) {
    const [first, last] = random.pick(ranges)
    for (let length = 1 + random.integer(7); length > 0; length--) {
      text += String.fromCodePoint(first + random.integer(last - first + 1))
    }
  }
  return text
}

describeParity('tokenizer folders as they are written, read by transformers', () => {
  let folder: string
  let texts: string[]
  const tokenizers = new Map<string, Tokenizer>()
  const references = new Map<string, Reference>()

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rc-parity-'))
    const kept = JSON.parse(await readFile(join(fixtures, 'texts.json'), 'utf8'))
    texts = [...kept, ...Array.from({ length: 400 }, (_, index) => randomText(index))]
    const textFile = join(folder, 'texts.json')
    await writeFile(textFile, JSON.stringify(texts))
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
    const differing: unknown[] = []
    const compare = (text: string, found: number[], expected: number[] | undefined) => {
      if (found.join() !== expected?.join()) differing.push({ text, found, expected })
    }
    for (const [index, text] of texts.entries()) {
      compare(text, tokenizer.encodeText(text), reference.plain[index])
      // transformers reads literal tokens in contents as tokens, so such texts are left out here.
      if (text.includes('<')) continue
      const segments: DialogSegment[] = [
        { special: '<|user|>' },
        { special: '<|text|>' },
        { text },
        { special: '<|endofblock|>' },
      ]
      compare(text, tokenizer.encodeSegments(segments), reference.marked[index])
    }
    expect(differing).toEqual([])
  })
})
