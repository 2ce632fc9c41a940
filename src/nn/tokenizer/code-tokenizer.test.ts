import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { specialTokens } from '../../data/dialog/index.ts'
import { trainTokenizer } from './code-tokenizer.ts'
import { loadTokenizer, type Tokenizer } from './tokenizer.ts'
import { trainBytePairs } from './train-byte-pairs.ts'

const corpus = Array.from(
  { length: 40 },
  (_, index) =>
    `def solve_${index}(values):\n    total = ${index}\n    for value in values:\n        total += value\n    return total\n\n\n`,
)

let folder: string
let tokenizer: Tokenizer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rc-bpe-'))
  await trainTokenizer({ texts: corpus, folder: join(folder, 'a'), vocabularySize: 320 })
  tokenizer = await loadTokenizer(join(folder, 'a'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('trainTokenizer', () => {
  it('learns words as single tokens and keeps digits apart', () => {
    const text = 'def solve_12(values):\n    for value in values:\n        total += 345'
    const tokens = tokenizer.encodeText(text).map(tokenizer.tokenText)
    expect(tokens).toEqual(expect.arrayContaining(['def', ' values', '3', '4', '5']))
    expect(tokens.join('')).toBe(text)
  })

  it('has no BOS, ends with <|endoftext|> and lacks the seven tokens', () => {
    expect(tokenizer.bosId).toBeUndefined()
    expect(tokenizer.tokenText(tokenizer.eosId)).toBe('<|endoftext|>')
    expect(tokenizer.addedTokens).toHaveLength(7)
    expect(tokenizer.size).toBe(tokenizer.eosId + 8)
  })

  it('can hold the seven tokens, which are then kept', async () => {
    const path = join(folder, 'special')
    const options = { texts: corpus, folder: path, vocabularySize: 300, withSpecialTokens: true }
    expect(await trainTokenizer(options)).toMatchObject({ size: 300, merges: 300 - 256 - 8 })
    const own = await loadTokenizer(path)
    expect(own.addedTokens).toEqual([])
    expect(Object.keys(own.specialIds)).toEqual([...specialTokens])
    expect(own.size).toBe(300)
  })

  it('writes the same bytes for the same texts in another order', async () => {
    const reversed = join(folder, 'reversed')
    await trainTokenizer({ texts: corpus.toReversed(), folder: reversed, vocabularySize: 320 })
    for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
      const [a, b] = [join(folder, 'a', name), join(reversed, name)]
      expect(await readFile(a, 'utf8')).toBe(await readFile(b, 'utf8'))
    }
  })

  it('decodes any text to its normal form (NFC), and never gives a special id for it', () => {
    const special = new Set([tokenizer.eosId, ...Object.values(tokenizer.specialIds)])
    const literal = fc.constantFrom(...specialTokens, '<|endoftext|>')
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), literal)).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (any) => {
        const ids = tokenizer.encodeText(any)
        expect(tokenizer.decode(ids)).toBe(Buffer.from(any.normalize('NFC')).toString())
        expect(ids.some((id) => special.has(id))).toBe(false)
      }),
    )
  })

  it('stops early when nothing is left to merge', async () => {
    const options = { texts: ['ab ab'], folder: join(folder, 'tiny'), vocabularySize: 1000 }
    expect(await trainTokenizer(options)).toEqual({ size: 258, merges: 1, words: 2 })
  })

  it('refuses a size that cannot hold all bytes', async () => {
    const options = { texts: [], folder, vocabularySize: 256 }
    await expect(trainTokenizer(options)).rejects.toMatchObject({
      code: 'RC_BAD_VOCABULARY_SIZE',
      status: 2,
      message: 'vocabulary size: expected a whole number from 257 to 16777216, got 256',
    })
  })
})

describe('trainBytePairs', () => {
  it('merges the most frequent pair first and decides ties by the lower ids', () => {
    const counts = new Map([
      ['cab', 3],
      ['ab', 2],
      ['xy', 4],
      ['zy', 4],
    ])
    const { merges } = trainBytePairs(counts, { vocabularySize: 260 })
    expect(merges).toEqual([
      ['a', 'b'],
      ['x', 'y'],
      ['z', 'y'],
      ['c', 'ab'],
    ])
  })

  it('counts overlapping pairs as the merge sees them', () => {
    const { tokens, merges } = trainBytePairs(new Map([['aaaaa', 5]]), { vocabularySize: 300 })
    expect(merges).toEqual([
      ['a', 'a'],
      ['aa', 'a'],
      ['aa', 'aaa'],
    ])
    expect(new Set(tokens).size).toBe(tokens.length)
  })
})
