import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Message } from './dialog.ts'
import { parseSegments } from './parse-dialog.ts'
import { formatSegments, renderDialog, renderOpenDialog, renderPrompt } from './render-dialog.ts'
import { type DialogSegment, findSpecialTokens, specialTokens } from './special-tokens.ts'

const content = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(...specialTokens),
  fc.constantFrom('', 'def f():\n    return 1\n', 'a<|code|>b'),
)
const block = fc.record({ type: fc.constantFrom('text', 'code', 'execution'), content })
const message = fc.record({
  role: fc.constantFrom('user', 'assistant'),
  content: fc.array(block, { maxLength: 4 }),
})
const messages = fc.array(message, { maxLength: 5 }) as fc.Arbitrary<Message[]>

const question: Message = { role: 'user', content: [{ type: 'text', content: 'Q' }] }
const attempt: Message = {
  role: 'assistant',
  content: [
    { type: 'code', content: 'print(1)' },
    { type: 'execution', content: '1' },
  ],
}

describe('renderDialog', () => {
  it('writes the published template', () => {
    expect(formatSegments(renderDialog({ messages: [question, attempt] }))).toBe(
      '<|user|><|text|>Q<|endofblock|><|endofmessage|>' +
        '<|assistant|><|code|>print(1)<|endofblock|><|execution|>1<|endofblock|><|endofmessage|>',
    )
  })

  it('keeps literal token strings of contents as text', () => {
    const literal: Message = { role: 'user', content: [{ type: 'text', content: '<|user|>' }] }
    expect(renderDialog({ messages: [literal] })).toContainEqual({ text: '<|user|>' })
    expect(findSpecialTokens('a <|code|> and <|user|>')).toEqual(['<|user|>', '<|code|>'])
  })

  it('is undone by parseSegments, also when texts arrive in pieces', () => {
    fc.assert(
      fc.property(messages, (original) => {
        const segments = renderDialog({ messages: original })
        expect(parseSegments(segments)).toEqual({ ok: true, messages: original })
        const pieces = segments.flatMap((part): DialogSegment[] =>
          'text' in part ? [...part.text].map((text) => ({ text })) : [part],
        )
        expect(parseSegments(pieces)).toEqual({ ok: true, messages: original })
      }),
    )
  })
})

describe('renderPrompt and renderOpenDialog', () => {
  it('end with the open turn of the assistant', () => {
    const head = '<|user|><|text|>Q<|endofblock|><|endofmessage|><|assistant|>'
    expect(formatSegments(renderPrompt('Q'))).toBe(head)
    const prefix = { type: 'text', content: '```python\n' } as const
    expect(formatSegments(renderPrompt('Q', prefix))).toBe(`${head}<|text|>\`\`\`python\n`)
    expect(formatSegments(renderOpenDialog([question]))).toBe(head)
  })

  it('leave a begun answer open after its last block', () => {
    expect(formatSegments(renderOpenDialog([question, attempt]))).toMatch(
      /<\|execution\|>1<\|endofblock\|>$/,
    )
  })
})

describe('parseSegments', () => {
  it('says where the template is broken', () => {
    expect(parseSegments([{ special: '<|user|>' }, { text: 'x' }])).toEqual({
      ok: false,
      segment: 1,
      problem: 'text outside a block',
    })
    expect(parseSegments([{ special: '<|text|>' }])).toEqual({
      ok: false,
      segment: 0,
      problem: '<|text|> outside a message',
    })
    expect(parseSegments([{ special: '<|user|>' }, { special: '<|user|>' }])).toEqual({
      ok: false,
      segment: 1,
      problem: '<|user|> inside a message, outside its blocks',
    })
    const open = renderPrompt('Q', { type: 'code', content: 'x' })
    expect(parseSegments(open)).toMatchObject({
      ok: false,
      problem: 'the end before <|endofblock|>',
    })
    expect(parseSegments([...open, { special: '<|code|>' }])).toMatchObject({
      ok: false,
      problem: '<|code|> inside a block',
    })
    expect(parseSegments(renderPrompt('Q'))).toMatchObject({
      ok: false,
      problem: 'the end before <|endofmessage|>',
    })
  })
})
