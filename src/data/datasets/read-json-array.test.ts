import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InputError } from '../../core/index.ts'
import { readInstructions } from './read-instructions.ts'
import { readRecords } from './read-records.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rc-array-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function save(name: string, data: string | Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, data)
  return path
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

const tricky = [
  { text: 'a "quoted, [text]" {with} \\ and ]', list: [1, [2, { a: '}' }]] },
  'plain, text',
  [],
  null,
  -1.5e3,
  { long: 'äöü€😀'.repeat(50_000) },
]

describe('a JSON array', () => {
  it.each([0, 2])('is read element by element, indented by %i', async (indent) => {
    const path = await save('tricky.json', `\ufeff \n${JSON.stringify(tricky, null, indent)}\n`)
    const expected = tricky.map((value, index) => ({ line: index + 1, value }))
    expect(await collect(readRecords(path))).toEqual(expected)
    const packed = await save('tricky.json.gz', gzipSync(JSON.stringify(tricky, null, indent)))
    expect(await collect(readRecords(packed))).toEqual(expected)
  })

  it('may be empty; a .json file of lines is read as lines', async () => {
    expect(await collect(readRecords(await save('empty.json', ' [ ]\n')))).toEqual([])
    const lines = await save('lines.json', '{"a":1}\n{"a":2}\n')
    expect(await collect(readRecords(lines))).toHaveLength(2)
  })

  it('gives Alpaca as it is published, with ids by the number of the element', async () => {
    const data = [1, 2].map((n) => ({ instruction: `Task ${n}.`, input: '', output: 'x' }))
    const path = await save('alpaca_data.json', JSON.stringify(data, null, 4))
    const found = await collect(readInstructions(path))
    expect(found.map(({ id, instruction }) => [id, instruction])).toEqual([
      ['alpaca_data-1', 'Task 1.'],
      ['alpaca_data-2', 'Task 2.'],
    ])
  })

  it.each([
    [
      'a missing comma',
      '[\n  {"a": 1}\n  {"a": 2}\n]',
      'element 1, line 3, column 3: expected ","',
    ],
    ['a broken element', '[\n  1,\n  {"a": x}\n]', 'element 2, line 3, column 9:'],
    ['a comma at the end', '[1,\n]', 'element 2, line 2, column 1:'],
    ['an end that is missing', '[1, {"a": ', 'element 2, line 1, column 10: the file ends'],
    ['text behind it', '[1]\n[2]', 'element 1, line 2, column 1: expected nothing after'],
  ])('is refused with %s', async (_, text, part) => {
    const path = await save('broken.json', text)
    await expect(collect(readRecords(path))).rejects.toMatchObject({
      code: 'RC_BAD_JSON_ARRAY',
      status: 2,
      message: expect.stringContaining(`${path}, ${part}`),
    })
  })

  it('hands broken elements on where they are to be passed over', async () => {
    const path = await save('some.json', '[{"a": 1}, {"a": }, {"a": 3}]')
    const broken: InputError[] = []
    const found = await collect(readRecords(path, { onBroken: (error) => broken.push(error) }))
    expect(found.map(({ line }) => line)).toEqual([1, 3])
    expect(broken).toHaveLength(1)
  })

  it.each(['[\n  {"instruction": "x"}\n]', '[{"instruction": "x"}]\n'])(
    'under another name is refused with the command that helps: %j',
    async (text) => {
      const path = await save('array.jsonl', text)
      await expect(collect(readInstructions(path))).rejects.toMatchObject({
        status: 2,
        hint: expect.stringContaining("jq -c '.[]' FILE"),
      })
    },
  )

  it('names what is not UTF-8', async () => {
    const path = await save('latin.json', Buffer.from('["\xe4"]', 'latin1'))
    await expect(collect(readRecords(path))).rejects.toMatchObject({ code: 'RC_NOT_UTF8' })
  })
})
