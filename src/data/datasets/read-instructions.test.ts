import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { convertToDialog } from './convert-to-dialog.ts'
import type { Instruction } from './instruction.ts'
import { type InstructionOptions, readInstructions } from './read-instructions.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rc-instructions-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function readFrom(path: string, options?: InstructionOptions): Promise<Instruction[]> {
  const all: Instruction[] = []
  for await (const item of readInstructions(path, options)) all.push(item)
  return all
}

async function read(records: unknown[], options?: InstructionOptions): Promise<Instruction[]> {
  const path = join(folder, 'data.jsonl')
  await writeFile(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''))
  return readFrom(path, options)
}

const fixture = (name: string) => new URL(`./__fixtures__/${name}`, import.meta.url).pathname

describe('readInstructions', () => {
  it('normalises CodeFeedback as the published data was', async () => {
    const query = ' a &lt; b\r\n\tx '
    const answer = '\u00a0\n\tif a &amp;&amp; b:\r\n\t\tpass\x1c \n'
    expect(await read([{ query, answer, lang: 'python' }])).toEqual([
      {
        id: 'data-1',
        instruction: ' a < b\r\n\tx ',
        answer: 'if a && b:\n        pass',
        extra: { lang: 'python' },
      },
    ])
  })

  it('reads Alpaca with and without input', async () => {
    const records = [
      { instruction: 'Add.', input: '1 2', output: '3' },
      { instruction: 'Say hi.', input: '', output: 'hi', id: 5 },
    ]
    expect(await read(records)).toEqual([
      { id: 'data-1', instruction: 'Add.\n\n1 2', answer: '3', extra: {} },
      { id: '5', instruction: 'Say hi.', answer: 'hi', extra: {} },
    ])
  })

  it('reads chats of OpenAI and ShareGPT, system text and parts included', async () => {
    const records = [
      {
        id: 'a',
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
          { role: 'assistant', content: 'Hello' },
        ],
      },
      {
        id: 'b',
        conversations: [
          { from: 'human', value: 'Q1' },
          { from: 'gpt', value: 'A1' },
          { from: 'human', value: 'Q2' },
          { from: 'gpt', value: 'A2' },
          { from: 'human', value: 'unanswered' },
        ],
      },
    ]
    expect(await read(records)).toEqual([
      { id: 'a', instruction: 'Be brief.\n\nHi', answer: 'Hello', extra: {} },
      {
        id: 'b',
        instruction: 'Q1',
        answer: 'A1',
        turns: [
          { role: 'user', text: 'Q1' },
          { role: 'assistant', text: 'A1' },
          { role: 'user', text: 'Q2' },
          { role: 'assistant', text: 'A2' },
        ],
        extra: {},
      },
    ])
  })

  it('reads instructions with tests, a question without an answer, and named columns', async () => {
    const plain = {
      id: 'k1',
      instruction: 'Do.',
      tests: ['assert f()', 'assert 1'],
      entryPoint: 'f',
    }
    expect(await read([plain, { messages: [{ role: 'user', content: 'Q' }] }])).toEqual([
      {
        id: 'k1',
        instruction: 'Do.',
        tests: 'assert f()\nassert 1',
        entryPoint: 'f',
        extra: {},
      },
      { id: 'data-2', instruction: 'Q', extra: {} },
    ])
    const columns = { instruction: 'prompt', answer: 'completion' }
    expect(await read([{ prompt: 'P', completion: 'C', n: 1 }], { columns })).toEqual([
      { id: 'data-1', instruction: 'P', answer: 'C', extra: { n: 1 } },
    ])
  })

  it('reads text files line by line and stops at the limit', async () => {
    const path = join(folder, 'tasks.txt')
    await writeFile(path, 'one\n\n two \nthree\n')
    expect(await readFrom(path, { limit: 2 })).toEqual([
      { id: 'tasks-1', instruction: 'one', extra: {} },
      { id: 'tasks-3', instruction: 'two', extra: {} },
    ])
  })

  it.each(['snappy', 'gzip', 'zstd'])('reads Parquet with %s over row groups', async (codec) => {
    const records = await readFrom(fixture(`codefeedback-${codec}.parquet`))
    expect(records.map((record) => record.extra.row)).toEqual([0, 1, 2, 3, 4])
    expect(records[3]).toEqual({
      id: `codefeedback-${codec}-4`,
      instruction: 'Write a <function> number 3.',
      answer: 'def f3():\n        return 3 & 1',
      extra: { row: 3 },
    })
  })

  it('reads nested chats from Parquet', async () => {
    const records = await readFrom(fixture('chat.parquet'))
    expect(records.map(({ instruction, answer }) => [instruction, answer])).toEqual([
      ['Question 0', 'Answer 0'],
      ['Question 1', 'Answer 1'],
      ['Question 2', 'Answer 2'],
    ])
  })

  it.each([
    ['a record that is no object', [1], 'record: expected an object, got a list of 1 item'],
    ['unknown keys', { a: 1, b: 2 }, 'record: expected the keys of a known format, got "a", "b"'],
    ['a field that is no text', { query: 1, answer: '' }, 'query: expected text, got the number 1'],
    ['a blank instruction', { instruction: ' \n' }, 'instruction: expected text, got only blanks'],
    [
      'turns that do not alternate',
      { messages: [{ role: 'assistant', content: 'A' }] },
      'messages[0].role: expected a message of the user, got the text "assistant"',
    ],
    [
      'a chat without a question',
      { conversations: [] },
      'conversations: expected a question of the user, got an empty list',
    ],
    [
      'a picture',
      { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] },
      'messages[0].content[0]: expected a part of type "text", got the text "image_url"',
    ],
    [
      'tests that are no text',
      { instruction: 'x', tests: [1] },
      'tests[0]: expected text, got the number 1',
    ],
  ])('refuses %s', async (_, record, problem) => {
    const first = { instruction: 'fine' }
    await expect(read([first, record])).rejects.toMatchObject({
      code: 'RC_BAD_INSTRUCTION',
      status: 2,
      message: `${join(folder, 'data.jsonl')}, line 2, ${problem}`,
    })
  })

  it('holds a file to the format that was asked for', async () => {
    await expect(read([{ instruction: 'x' }], { format: 'alpaca' })).rejects.toMatchObject({
      message: expect.stringContaining('line 1, output: expected text, got nothing'),
    })
  })

  it('refuses a file that is no Parquet', async () => {
    const path = join(folder, 'x.parquet')
    await writeFile(path, 'not parquet at all')
    await expect(readFrom(path)).rejects.toMatchObject({ code: 'RC_BAD_PARQUET', status: 2 })
    await expect(readFrom(join(folder, 'none.parquet'))).rejects.toMatchObject({
      code: 'RC_FILE_NOT_READABLE',
    })
  })
})

describe('convertToDialog', () => {
  const text = (content: string) => [{ type: 'text', content }]

  it('makes plain dialogs, with all turns of a chat', () => {
    const record = { id: 'x', instruction: 'q', answer: 'a', tests: 't', extra: { source: 's' } }
    expect(convertToDialog(record)).toEqual({
      id: 'x',
      source: 's',
      type: 'generation',
      messages: [
        { role: 'user', content: text('q') },
        { role: 'assistant', content: text('a') },
      ],
    })
    const turns = ['q', 'a', 'q2', 'a2'].map((content, index) => ({
      role: index % 2 === 0 ? ('user' as const) : ('assistant' as const),
      text: content,
    }))
    expect(convertToDialog({ ...record, turns })?.messages).toHaveLength(4)
  })

  it('gives nothing without an answer', () => {
    expect(convertToDialog({ id: 'x', instruction: 'q', extra: {} })).toBeUndefined()
    expect(convertToDialog({ id: 'x', instruction: 'q', answer: ' ', extra: {} })).toBeUndefined()
  })
})
