import { describe, expect, it } from 'vitest'
import { sizeOf } from './value.ts'

const known = new Map([
  ['tokens', 1064],
  ['rows', 2],
  ['tokens0·queries', 171],
])

describe('sizeOf', () => {
  it.each([
    [7, 7],
    ['tokens', 1064],
    ['tokens·64', 1064 * 64],
    ['tokens·64/rows', 532 * 64],
    ['tokens/4', 266],
    // A name that is known as a whole is not taken apart.
    ['tokens0·queries', 171],
    ['128·tokens/4', 32 * 1064],
  ])('is what %s comes to', (size, expected) => {
    expect(sizeOf(size, known)).toBe(expected)
  })

  it('is undefined where a name is not known, or no whole number comes of it', () => {
    for (const size of ['other', 'tokens·other', 'other/2', 'tokens/3', 'tokens/other']) {
      expect(sizeOf(size, known)).toBeUndefined()
    }
  })
})
