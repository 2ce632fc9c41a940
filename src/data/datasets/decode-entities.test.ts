import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { decodeEntities } from './decode-entities.ts'

// Written by scripts/make-dataset-fixtures.py with Python's html.unescape.
const cases: [string, string][] = JSON.parse(
  readFileSync(new URL('./__fixtures__/entities.json', import.meta.url), 'utf8'),
)

it.each(cases)('decodes %j as Python does', (text, expected) => {
  expect(decodeEntities(text)).toBe(expected)
  expect(decodeEntities(`x ${text} y`)).toBe(`x ${expected} y`)
})
