import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSandbox, type Sandbox } from '../../sandbox/index.ts'
import { openReferences } from './references.ts'
import { readShippedReferences } from './shipped-references.ts'

let folder: string
let sandbox: Sandbox
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'references-'))
  sandbox = await createSandbox({ workers: 1 })
})
afterAll(async () => {
  await sandbox.dispose()
  await rm(folder, { recursive: true, force: true })
})

const setting = { hash: 'abc', pythonVersion: '3.11', judgeSource: 'judge' }
const base = { seconds: 2, values: '{"sizes":[1],"seconds":[[0,2]],"data":"YQ=="}' }
const plus = { seconds: 1, values: '{"sizes":[]}' }

describe('references', () => {
  it('are kept from one evaluation to the next', async () => {
    const first = await openReferences(folder, setting)
    expect(first.valuesOf('T/0')).toEqual({})
    expect(first.secondsOf('T/0')).toBeUndefined()
    first.add('T/0', { base })
    first.add('T/0', { plus })
    await first.save()
    const second = await openReferences(folder, setting)
    expect(second.valuesOf('T/0')).toEqual({ base: base.values, plus: plus.values })
    expect(second.secondsOf('T/0')).toBe(3)
  })

  it('that shipped are taken in once, where nothing else is known', async () => {
    const own = { ...setting, hash: 'shipped' }
    const shipped = new Map([['T/1', { base, plus }]])
    const first = await openReferences(folder, own, ['T/1'], async () => shipped)
    first.add('T/1', { base: plus })
    await first.save()
    const second = await openReferences(folder, own, ['T/1'], () => Promise.reject(new Error()))
    expect(second.valuesOf('T/1')).toEqual({ base: plus.values, plus: plus.values })
  })

  it('are not seen with another judge, Python or problem file, nor when they are damaged', async () => {
    for (const change of [{ judgeSource: 'x' }, { pythonVersion: '3.12' }, { hash: 'other' }]) {
      const other = await openReferences(folder, { ...setting, ...change })
      expect(other.valuesOf('T/0')).toEqual({})
    }
    const name = (await readdir(folder)).find((each) => each.startsWith('abc')) ?? ''
    const text = await readFile(join(folder, name), 'utf8')
    const inHead = text.lastIndexOf('"set"')
    for (const damaged of [text.slice(0, inHead), text.slice(0, -3), text.replace('YQ', 'Y')]) {
      await writeFile(join(folder, name), `${damaged}\n`)
      expect((await openReferences(folder, setting)).valuesOf('T/0')).toEqual({})
    }
  })

  it('ship for the slow tasks of known files, with times by the speed of the machine', async () => {
    const hash = 'fe585eb4df8c88d844eeb463ea4d0302'
    const shipped = await readShippedReferences(hash, sandbox)
    expect([...shipped.keys()].sort()).toEqual(
      [130, 139, 15, 36, 59, 83, 94].map((number) => `HumanEval/${number}`).sort(),
    )
    const references = await openReferences(
      undefined,
      setting,
      ['HumanEval/0'],
      async () => shipped,
    )
    expect(references.secondsOf('HumanEval/139')).toBeGreaterThan(0.1)
    expect(JSON.parse(references.valuesOf('HumanEval/139').plus as string).sizes).toHaveLength(127)
    references.add('HumanEval/139', { plus })
    expect(references.valuesOf('HumanEval/139')).toEqual({ plus: plus.values })
    expect((await readShippedReferences('unknown', sandbox)).size).toBe(0)
  })
})
