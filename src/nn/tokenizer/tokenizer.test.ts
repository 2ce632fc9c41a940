import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DialogSegment, renderPrompt, specialTokens } from '../../data/dialog/index.ts'
import { loadTokenizer, type Tokenizer } from './tokenizer.ts'

// Tokenizers and ids of Hugging Face's Rust library: scripts/make-tokenizer-fixtures.py.
const fixtures = new URL('./__fixtures__/', import.meta.url).pathname
const kinds = ['qwen2', 'qwen3', 'llama3', 'deepseek', 'gpt2', 'codellama', 'mistral'] as const

let folder: string
const tokenizers = new Map<string, Tokenizer>()
let texts: string[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rc-tokenizer-'))
  for (const kind of kinds) tokenizers.set(kind, await loadTokenizer(join(fixtures, kind)))
  texts = JSON.parse(await readFile(join(fixtures, 'texts.json'), 'utf8'))
})
afterAll(() => rm(folder, { recursive: true }))

const get = (kind: string) => tokenizers.get(kind) as Tokenizer

/** Text without lone surrogates, in which strings of special tokens are likely. */
const hostileText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        ...specialTokens,
        ...['<|endoftext|>', '<|im_end|>', '<|begin_of_text|>', '<s>', '</s>', '<tool_call>'],
        ...['<｜end▁of▁sentence｜>', '<|', '|>', '\n    ', ' ', '<0x0A>'],
      ),
    ),
  )
  .map((parts) => Buffer.from(parts.join('')).toString())

async function copyOf(kind: string, change: (json: TokenizerParts) => void): Promise<string> {
  const target = await mkdtemp(join(folder, 'copy-'))
  await cp(join(fixtures, kind), target, { recursive: true })
  const read = async (name: string) => JSON.parse(await readFile(join(target, name), 'utf8'))
  const parts = {
    tokenizer: await read('tokenizer.json'),
    config: await read('tokenizer_config.json'),
  }
  change(parts)
  await writeFile(join(target, 'tokenizer.json'), JSON.stringify(parts.tokenizer))
  await writeFile(join(target, 'tokenizer_config.json'), JSON.stringify(parts.config))
  return target
}

interface TokenizerParts {
  tokenizer: {
    added_tokens: { id: number; content: string; special: boolean }[]
    model: { vocab: Record<string, number>; merges: [string, string][]; type?: string }
  }
  config: Record<string, unknown>
}

describe.each(kinds)('a tokenizer like %s', (kind) => {
  it('gives the ids of the Rust library, special tokens read as text', async () => {
    const ids: number[][] = JSON.parse(await readFile(join(fixtures, kind, 'ids.json'), 'utf8'))
    expect(texts.map((text) => get(kind).encodeText(text))).toEqual(ids)
  })

  it('never gives a special id for text', () => {
    const tokenizer = get(kind)
    const special = new Set(Object.values(tokenizer.specialIds))
    for (const id of [tokenizer.bosId, tokenizer.eosId]) if (id !== undefined) special.add(id)
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(tokenizer.encodeText(text).filter((id) => special.has(id))).toEqual([])
      }),
    )
  })

  it('gives the seven tokens the ids after its highest, in order, with their sources', () => {
    const { addedTokens, size, specialIds } = get(kind)
    expect(addedTokens.map(({ token }) => token)).toEqual(specialTokens)
    expect(addedTokens.map(({ id }) => id)).toEqual([7, 6, 5, 4, 3, 2, 1].map((n) => size - n))
    expect(Object.values(specialIds)).toEqual(addedTokens.map(({ id }) => id))
    for (const { token, sourceIds } of addedTokens) {
      expect(sourceIds.length).toBeGreaterThan(2)
      expect(get(kind).decode(sourceIds)).toBe(token)
    }
  })

  it('decodes segments with tokens and literal token strings told apart', () => {
    const tokenizer = get(kind)
    const segments: DialogSegment[] = renderPrompt('say <|user|>\n  now', {
      type: 'code',
      content: 'x',
    })
    const ids = tokenizer.encodeSegments(segments)
    expect(tokenizer.decodeSegments(ids)).toEqual(segments)
    expect(tokenizer.decodeSegments([...ids, tokenizer.eosId]).at(-1)).toHaveProperty('text')
    expect(tokenizer.decode(ids)).toBe(
      '<|user|><|text|>say <|user|>\n  now<|endofblock|><|endofmessage|><|assistant|><|code|>x',
    )
    expect(tokenizer.encodeText('')).toEqual([])
    expect(tokenizer.decode([])).toBe('')
  })

  it('is written so that it loads with the same ids and the same hash', async () => {
    const tokenizer = get(kind)
    const target = join(folder, 'written', kind)
    await tokenizer.writeTo(target)
    const again = await loadTokenizer(target)
    expect(again).toMatchObject({
      size: tokenizer.size,
      specialIds: tokenizer.specialIds,
      bosId: tokenizer.bosId,
      eosId: tokenizer.eosId,
      hash: tokenizer.hash,
      addedTokens: [],
    })
    for (const text of texts) expect(again.encodeText(text)).toEqual(tokenizer.encodeText(text))
    const before = await readFile(join(target, 'tokenizer.json'), 'utf8')
    await again.writeTo(target)
    expect(await readFile(join(target, 'tokenizer.json'), 'utf8')).toBe(before)
  })
})

describe('decode', () => {
  it.each(['llama3', 'deepseek', 'gpt2'])('is exact for byte-level %s', (kind) => {
    const tokenizer = get(kind)
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(tokenizer.decode(tokenizer.encodeText(text))).toBe(text)
      }),
    )
  })

  it('keeps the normal form that the tokenizer normalises to', () => {
    const ids = get('qwen2').encodeText('cafe\u0301')
    expect(get('qwen2').decode(ids)).toBe('caf\u00e9')
  })

  it('reads lone surrogates and cut characters as U+FFFD', () => {
    const tokenizer = get('gpt2')
    expect(tokenizer.decode(tokenizer.encodeText('a\ud800b'))).toBe('a\ufffdb')
    const [first] = tokenizer.encodeText('😀')
    expect(tokenizer.decode([first as number])).toBe('\ufffd')
  })

  it('shows single tokens and refuses ids that there are not', () => {
    const tokenizer = get('qwen2')
    expect(tokenizer.tokenText(tokenizer.specialIds['<|code|>'])).toBe('<|code|>')
    expect(tokenizer.encodeText('  x').map(tokenizer.tokenText)).toEqual([' ', ' x'])
    expect(() => tokenizer.decode([tokenizer.size])).toThrow(
      `the tokenizer has no token with the id ${tokenizer.size}`,
    )
  })
})

describe('loadTokenizer', () => {
  it('finds BOS and EOS, none of BOS where tokenizer_config.json says null', () => {
    expect(get('qwen2')).toMatchObject({ bosId: undefined, eosId: 700 })
    expect(get('llama3')).toMatchObject({ bosId: 700, eosId: 701 })
    expect(get('codellama')).toMatchObject({ bosId: 1, eosId: 2 })
  })

  it('keeps added tokens that are not special', () => {
    const tokenizer = get('qwen2')
    const id = 703
    expect(tokenizer.tokenText(id)).toBe('<tool_call>')
    expect(tokenizer.encodeText('a<tool_call>')).toContain(id)
  })

  it('keeps the ids of those of the seven that the folder has', async () => {
    const path = await copyOf('qwen2', ({ tokenizer }) => {
      tokenizer.added_tokens.push({ id: 720, content: '<|code|>', special: false })
    })
    const tokenizer = await loadTokenizer(path)
    expect(tokenizer.specialIds['<|code|>']).toBe(720)
    expect(tokenizer.addedTokens.map(({ id }) => id)).toEqual([721, 722, 723, 724, 725, 726])
    expect(tokenizer.encodeText('<|code|>')).not.toContain(720)
    expect(tokenizer.size).toBe(727)
  })

  it('keeps text from a special token that the model itself can spell', async () => {
    const path = await copyOf('gpt2', ({ tokenizer: { model } }) => {
      model.vocab['<|'] = 800
      model.vocab['<|x'] = 801
      model.vocab['<|x|'] = 802
      model.merges.unshift(['<', '|'])
      model.merges.push(['<|', 'x'])
      Object.assign(model, { ignore_merges: true })
    })
    const special = await copyOf('gpt2', () => {})
    await cp(path, special, { recursive: true })
    const config = { eos_token: '<|endoftext|>', additional_special_tokens: ['<|x'] }
    await writeFile(join(special, 'tokenizer_config.json'), JSON.stringify(config))
    const tokenizer = await loadTokenizer(special)
    expect(tokenizer.encodeText('<|x<|')).not.toContain(801)
    expect(tokenizer.decode(tokenizer.encodeText('<|x<|'))).toBe('<|x<|')
    expect(tokenizer.encodeText('<|')).toEqual([800])
  })

  it('has a hash that changes with what decides ids', async () => {
    const renamed = await copyOf('gpt2', ({ config }) => {
      config.eos_token = 'a'
    })
    const same = await copyOf('gpt2', ({ config }) => {
      config.model_max_length = 5
    })
    expect((await loadTokenizer(renamed)).hash).not.toBe(get('gpt2').hash)
    expect((await loadTokenizer(same)).hash).toBe(get('gpt2').hash)
    expect(new Set([...tokenizers.values()].map(({ hash }) => hash)).size).toBe(kinds.length)
  })

  it('says what is missing or wrong in a folder', async () => {
    const empty = await mkdtemp(join(folder, 'empty-'))
    await expect(loadTokenizer(empty)).rejects.toMatchObject({
      code: 'RC_NO_TOKENIZER',
      status: 2,
      message: `the model folder ${empty} has no tokenizer.json`,
    })
    await writeFile(join(empty, 'tokenizer.json'), '{"model":')
    await expect(loadTokenizer(empty)).rejects.toMatchObject({
      code: 'RC_BAD_TOKENIZER',
      status: 2,
      message: `${join(empty, 'tokenizer.json')}: expected JSON, but it does not parse`,
    })
    const changes: [(parts: TokenizerParts) => void, string, string][] = [
      [
        ({ tokenizer }) => Object.assign(tokenizer.model, { type: 'Unigram' }),
        'tokenizer.json',
        'expected a model of type "BPE", got "Unigram"',
      ],
      [
        ({ tokenizer }) => Object.assign(tokenizer.model, { vocab: [] }),
        'tokenizer.json',
        'expected tokens with their ids in "model.vocab"',
      ],
      [
        ({ tokenizer }) => Object.assign(tokenizer, { added_tokens: [{ id: 1 }] }),
        'tokenizer.json',
        'expected entries with "id" and "content" in "added_tokens"',
      ],
      [
        ({ tokenizer }) => Object.assign(tokenizer, { pre_tokenizer: { type: 'Magic' } }),
        'tokenizer.json',
        'this kind of tokenizer cannot be read: Error: Unknown PreTokenizer type: Magic',
      ],
      [
        ({ config }) => Object.assign(config, { eos_token: '<eos>' }),
        'tokenizer_config.json',
        'eos_token is "<eos>", which tokenizer.json does not have',
      ],
      [
        ({ config }) => Object.assign(config, { eos_token: null }),
        'tokenizer_config.json',
        'expected an "eos_token" (none in config.json either)',
      ],
    ]
    for (const [change, name, problem] of changes) {
      const path = await copyOf('gpt2', change)
      await expect(loadTokenizer(path)).rejects.toMatchObject({
        code: 'RC_BAD_TOKENIZER',
        message: `${join(path, name)}: ${problem}`,
      })
    }
  })
})

describe('writeTo', () => {
  it('declares the seven tokens and brings the companions along', async () => {
    const source = await copyOf('qwen2', ({ config }) => {
      config.additional_special_tokens = ['<|im_start|>']
      config.chat_template = 'x'
    })
    await writeFile(join(source, 'merges.txt'), '#version: 0.2\n')
    await writeFile(join(source, 'special_tokens_map.json'), '{"eos_token":"<|endoftext|>"}')
    await writeFile(join(source, 'added_tokens.json'), '{"<|endoftext|>":700}')
    const target = join(folder, 'with-companions')
    await (await loadTokenizer(source)).writeTo(target)
    expect((await readdir(target)).sort()).toEqual([
      'added_tokens.json',
      'merges.txt',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
    const read = async (name: string) => JSON.parse(await readFile(join(target, name), 'utf8'))
    expect(await read('tokenizer_config.json')).toMatchObject({
      chat_template: 'x',
      bos_token: null,
      additional_special_tokens: ['<|im_start|>', ...specialTokens],
      added_tokens_decoder: { 704: { content: '<|user|>', special: true, normalized: false } },
    })
    expect((await read('special_tokens_map.json')).additional_special_tokens).toEqual(specialTokens)
    expect((await read('added_tokens.json'))['<|endofmessage|>']).toBe(710)
  })
})
