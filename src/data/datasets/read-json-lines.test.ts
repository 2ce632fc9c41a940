import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DataRecord, readJsonLines } from './read-json-lines.ts'
import { readDialogs } from './read-records.ts'
import { createJsonLinesWriter } from './write-json-lines.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rc-lines-'))
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

describe('readJsonLines', () => {
  const expected: DataRecord[] = [
    { line: 1, value: { a: 'ä' } },
    { line: 3, value: [1] },
    { line: 4, value: null },
  ]

  it('reads CRLF and LF, skips a byte order mark and blank lines, needs no last line end', async () => {
    const path = await save('mixed.jsonl', '\ufeff{"a":"ä"}\r\n  \r\n[1]\nnull')
    expect(await collect(readJsonLines(path))).toEqual(expected)
  })

  it('reads gzip of several members', async () => {
    const data = Buffer.concat([gzipSync('{"a":"ä"}\n\n[1'), gzipSync(']\nnull\n')])
    expect(await collect(readJsonLines(await save('x.jsonl.gz', data)))).toEqual(expected)
  })

  it('reads zstd of several frames', async () => {
    const path = new URL('./__fixtures__/two-frames.jsonl.zst', import.meta.url).pathname
    const records = await collect(readJsonLines(path))
    expect(records).toHaveLength(2000)
    expect(records[1999]).toEqual({ line: 2000, value: { n: 1999, text: 'ä'.repeat(1999 % 7) } })
  })

  it('reads an empty file as no records', async () => {
    expect(await collect(readJsonLines(await save('empty.jsonl', '')))).toEqual([])
  })

  it('reads lines longer than a chunk, cut inside characters', async () => {
    const long = 'äöü€😀'.repeat(100_000)
    const path = await save('long.jsonl', `${JSON.stringify(long)}\n"x"\n`)
    expect(await collect(readJsonLines(path))).toEqual([
      { line: 1, value: long },
      { line: 2, value: 'x' },
    ])
  })

  it('keeps U+2028 and NEL inside a line', async () => {
    const path = await save('separators.jsonl', '"a\u2028b\u0085c"\n')
    expect(await collect(readJsonLines(path))).toEqual([{ line: 1, value: 'a\u2028b\u0085c' }])
  })

  it('names line, column and fault of a malformed line', async () => {
    const path = await save('bad.jsonl', '{"a":1}\n\n{"a":1,}\n')
    await expect(collect(readJsonLines(path))).rejects.toMatchObject({
      code: 'RC_BAD_JSON_LINE',
      status: 2,
      message: `${path}, line 3, column 8: expected a key in double quotes, got "}"`,
    })
  })

  it('names NaN and cut-off lines in the hint', async () => {
    const nan = await save('nan.jsonl', '{"a":NaN}\n')
    await expect(collect(readJsonLines(nan))).rejects.toMatchObject({
      hint: expect.stringContaining('no NaN'),
    })
    const cut = await save('cut.jsonl', '{"a":1}\n{"a":"b')
    await expect(collect(readJsonLines(cut))).rejects.toMatchObject({
      message: `${cut}, line 2, column 8: a text is not closed before the line ends`,
      hint: expect.stringContaining('cut off'),
    })
  })

  it('names the byte that is not UTF-8', async () => {
    const latin = await save('latin.jsonl', Buffer.from('"ok"\n"na\xefve"\n', 'latin1'))
    await expect(collect(readJsonLines(latin))).rejects.toMatchObject({
      code: 'RC_NOT_UTF8',
      status: 2,
      message: `${latin}, line 2, byte 4: not UTF-8 (0xef)`,
    })
    const wide = await save('wide.jsonl', Buffer.from('\ufeff{}\n', 'utf16le'))
    await expect(collect(readJsonLines(wide))).rejects.toMatchObject({
      message: `${wide}, line 1, byte 1: not UTF-8 (0xff)`,
      hint: expect.stringContaining('UTF-16'),
    })
  })

  it('refuses missing files, folders and broken compression', async () => {
    const missing = join(folder, 'missing.jsonl')
    await expect(collect(readJsonLines(missing))).rejects.toMatchObject({
      code: 'RC_FILE_NOT_READABLE',
      status: 2,
      message: `cannot read ${missing}: there is no such file`,
    })
    await expect(collect(readJsonLines(folder))).rejects.toMatchObject({
      message: `cannot read ${folder}: it is a folder, expected a file`,
    })
    const cut = await save('cut.jsonl.gz', gzipSync('"x"\n'.repeat(100)).subarray(0, 20))
    await expect(collect(readJsonLines(cut))).rejects.toMatchObject({
      code: 'RC_BAD_COMPRESSION',
      message: `${cut}: cannot be decompressed as gzip: the file ends too early`,
    })
    const plain = await save('plain.jsonl.zst', '"not compressed at all, but long enough"\n')
    await expect(collect(readJsonLines(plain))).rejects.toMatchObject({
      code: 'RC_BAD_COMPRESSION',
    })
    const whole = await readFile(new URL('./__fixtures__/two-frames.jsonl.zst', import.meta.url))
    const half = await save('half.jsonl.zst', whole.subarray(0, 400))
    await expect(collect(readJsonLines(half))).rejects.toMatchObject({
      code: 'RC_BAD_COMPRESSION',
      message: `${half}: cannot be decompressed as zstd: the file ends too early`,
    })
  })

  it('stops when the signal is aborted', async () => {
    const path = await save('many.jsonl', '1\n'.repeat(100))
    const controller = new AbortController()
    const seen: unknown[] = []
    const work = async () => {
      for await (const { value } of readJsonLines(path, { signal: controller.signal })) {
        seen.push(value)
        if (seen.length === 3) controller.abort()
      }
    }
    await expect(work()).rejects.toMatchObject({ code: 'RC_INTERRUPTED' })
    expect(seen).toHaveLength(3)
  })
})

describe('readDialogs', () => {
  it('yields validated dialogs and names the line that is none', async () => {
    const text = (content: string) => [{ type: 'text', content }]
    const dialog = {
      messages: [
        { role: 'user', content: text('q') },
        { role: 'assistant', content: text('a') },
      ],
      type: 'generation',
      id: 7,
    }
    const path = await save('dialogs.jsonl', `${JSON.stringify(dialog)}\n\n{"messages":[]}\n`)
    const seen: unknown[] = []
    const work = async () => {
      for await (const record of readDialogs(path)) seen.push(record)
    }
    await expect(work()).rejects.toMatchObject({
      code: 'RC_BAD_DIALOG',
      message: `${path}, line 3, messages: expected at least 2 messages, got an empty list`,
    })
    expect(seen).toEqual([{ line: 1, dialog }])
  })
})

describe('createJsonLinesWriter', () => {
  const values = [{ a: 'ä\n\u2028' }, [1, null], 'lone \ud800']

  it.each(['out.jsonl', 'out.jsonl.gz'])('writes %s that reads back', async (name) => {
    const path = join(folder, 'new', name)
    const writer = await createJsonLinesWriter(path)
    for (const value of values) await writer.write(value)
    await writer.commit()
    await writer.discard()
    const records = await collect(readJsonLines(path))
    expect(records.map((record) => record.value)).toEqual(values)
  })

  it('leaves nothing behind when discarded', async () => {
    const path = join(folder, 'dropped.jsonl')
    const writer = await createJsonLinesWriter(path)
    await writer.write({})
    await writer.discard()
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('refuses endings it cannot write', async () => {
    await expect(createJsonLinesWriter(join(folder, 'x.zst'))).rejects.toMatchObject({
      code: 'RC_UNSUPPORTED_OUTPUT',
      status: 2,
    })
  })
})
