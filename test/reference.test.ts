import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { referencePath, renderReference } from '../scripts/write-reference.ts'
import { sandboxPage, sandboxPagePath } from '../scripts/write-sandbox-table.ts'

it('keeps docs/reference in step with the schemas (npm run docs)', async () => {
  expect(await readFile(referencePath, 'utf8')).toBe(await renderReference())
})

it('keeps the tables of docs/sandbox.md in step with the code (npm run docs)', async () => {
  expect(await readFile(sandboxPagePath, 'utf8')).toBe(sandboxPage())
})
