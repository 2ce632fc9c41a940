import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { referencePath, renderReference } from '../scripts/write-reference.ts'

it('keeps docs/reference in step with the schemas (npm run docs)', async () => {
  expect(await readFile(referencePath, 'utf8')).toBe(await renderReference())
})
