import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findJsonFault } from './json-fault.ts'

describe('findJsonFault', () => {
  it('finds none in what JSON.parse accepts, and one in what it refuses', () => {
    const damaged = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '}', '[', '\\', '1', ':', ' '))
      .map(([json, at, insert]) => {
        const cut = at % (json.length + 1)
        return json.slice(0, cut) + insert + json.slice(insert === '' ? cut + 1 : cut)
      })
    fc.assert(
      fc.property(fc.oneof(fc.json(), damaged), (text) => {
        let valid = true
        try {
          JSON.parse(text)
        } catch {
          valid = false
        }
        expect(findJsonFault(text) === undefined).toBe(valid)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['', 0, 'expected a value, but the line ends'],
    ['{"a":1', 6, 'expected "," or "}", but the line ends'],
    ['{"a" 1}', 5, 'expected ":", got "1"'],
    ['{a:1}', 1, 'expected a key or "}", got "a"'],
    ['{"a":1,}', 7, 'expected a key in double quotes, got "}"'],
    ['[1,]', 3, 'expected a value, got "]"'],
    ['[1 2]', 3, 'expected "," or "]", got "2"'],
    ['{"a":NaN}', 5, 'expected a value, got "NaN"'],
    ["{'a':1}", 1, 'expected a key or "}", got "\'"'],
    ['{"a":1}{', 7, 'expected the end of the line, got "{"'],
    ['"abc', 4, 'a text is not closed before the line ends'],
    ['"a\tb"', 2, 'unescaped control character "\\t" in a text'],
    ['"a\\x"', 2, 'unknown escape "\\\\x" in a text'],
    ['[01]', 1, 'expected a value, got "01"'],
  ])('says what is wrong in %j', (text, at, problem) => {
    expect(findJsonFault(text)).toEqual({ at, problem })
  })

  it('handles deep nesting and long texts', () => {
    expect(findJsonFault('['.repeat(200_000))?.at).toBe(200_000)
    expect(findJsonFault(`"${'x'.repeat(5_000_000)}`)?.at).toBe(5_000_001)
  })
})
