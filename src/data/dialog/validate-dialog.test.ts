import { describe, expect, it } from 'vitest'
import { DialogError } from './dialog-error.ts'
import { validateDialog } from './validate-dialog.ts'

const place = { file: 'data.jsonl', line: 7 }
const text = (content: string) => [{ type: 'text', content }]
const user = (content = 'q') => ({ role: 'user', content: text(content) })
const assistant = (content = 'a') => ({ role: 'assistant', content: text(content) })

function problemOf(value: unknown): { message: string; field: string; hint: string | undefined } {
  try {
    validateDialog(value, place)
  } catch (error) {
    if (!(error instanceof DialogError)) throw error
    expect(error).toMatchObject({ code: 'RC_BAD_DIALOG', status: 2, ...place })
    return { message: error.message, field: error.field, hint: error.hint }
  }
  throw new Error('the dialog was accepted')
}

describe('validateDialog', () => {
  it('accepts plain and reflection samples and keeps extra keys', () => {
    const plain = { messages: [user(), assistant()], type: 'generation', id: 'x', meta: { a: 1 } }
    expect(validateDialog(plain, place)).toEqual(plain)
    const reflection = { messages: [user(), assistant(), user(), assistant()], type: 'reflection' }
    expect(validateDialog(reflection, place)).toEqual(reflection)
  })

  it('accepts further turns after the reflection and empty block contents', () => {
    const messages = [user(), assistant(), user(), assistant(''), user(), assistant()]
    expect(validateDialog({ messages, type: 'reflection' }, place).messages).toHaveLength(6)
  })

  const cases: [title: string, value: unknown, message: string][] = [
    ['a value that is no object', [1], 'record: expected a dialog object, got a list of 1 item'],
    [
      'a missing list',
      { type: 'generation' },
      'messages: expected a list of messages, got nothing',
    ],
    [
      'an empty dialog',
      { messages: [], type: 'generation' },
      'messages: expected at least 2 messages, got an empty list',
    ],
    [
      'a missing type',
      { messages: [user(), assistant()] },
      'type: expected "generation" or the name of a kind of reflection, got nothing',
    ],
    [
      'a message that is no object',
      { messages: [user(), 'hello'], type: 'generation' },
      'messages[1]: expected a message object, got the text "hello"',
    ],
    [
      'a wrong role',
      { messages: [{ role: 'system', content: text('s') }, user()], type: 'generation' },
      'messages[0].role: expected "user" or "assistant", got the text "system"',
    ],
    [
      'content that is text',
      { messages: [{ role: 'user', content: 'hi' }, assistant()], type: 'generation' },
      'messages[0].content: expected a list of blocks, got the text "hi"',
    ],
    [
      'an empty content list',
      { messages: [user(), { role: 'assistant', content: [] }], type: 'generation' },
      'messages[1].content: expected at least 1 block, got an empty list',
    ],
    [
      'a wrong block type',
      {
        messages: [user(), { role: 'assistant', content: [{ type: 'tool', content: '' }] }],
        type: 'generation',
      },
      'messages[1].content[0].type: expected "text", "code" or "execution", got the text "tool"',
    ],
    [
      'block content that is no text',
      {
        messages: [user(), { role: 'assistant', content: [{ type: 'code', content: 3 }] }],
        type: 'generation',
      },
      'messages[1].content[0].content: expected text, got the number 3',
    ],
    [
      'a dialog that the assistant begins',
      { messages: [assistant(), user()], type: 'generation' },
      'messages[0].role: expected "user" at the beginning, got "assistant"',
    ],
    [
      'roles that do not alternate',
      { messages: [user(), assistant(), assistant()], type: 'generation' },
      'messages[2].role: expected "user" after a message of the assistant, got "assistant"',
    ],
    [
      'a sample without labels',
      { messages: [user(), assistant(), user()], type: 'generation' },
      'messages[2].role: the last message is the user\'s, so the sample has no labels; expected "assistant"',
    ],
    [
      'a reflection sample of one turn',
      { messages: [user(), assistant()], type: 'reflection' },
      'messages: expected at least 4 messages for the type "reflection", got 2',
    ],
  ]
  it.each(cases)('refuses %s', (_, value, message) => {
    const problem = problemOf(value)
    expect(problem.message).toBe(`data.jsonl, line 7, ${message}`)
    expect(message.startsWith(`${problem.field}: `)).toBe(true)
    expect(problem.hint).toMatch(/\.$/)
  })

  it('points from chat data to the conversion', () => {
    const chat = { messages: [{ role: 'user', content: 'hi' }], type: 'generation' }
    expect(problemOf(chat).hint).toContain('reflectioncoder data convert')
  })

  it('shortens long values in messages', () => {
    const value = { messages: [{ role: 'x'.repeat(10_000), content: [] }], type: 'generation' }
    expect(problemOf(value).message.length).toBeLessThan(200)
  })
})
