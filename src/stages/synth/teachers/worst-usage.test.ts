import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { renderOpenDialog } from '../../../data/dialog/index.ts'
import { loadTokenizer } from '../../../nn/tokenizer/index.ts'
import { toolProtocol } from './protocol.ts'
import type { ChatRequest } from './reply.ts'
import { worstOfChat, worstOfDialog } from './worst-usage.ts'

const model = fileURLToPath(new URL('../../../../models/kata-base', import.meta.url))
const sampling = { temperature: 1, topP: 1, maxTokens: 100 }
const chat = (content: string): ChatRequest => ({ messages: [{ role: 'user', content }], sampling })

describe('the worst case of a call', () => {
  it.each([
    ['English', 'Write a function that adds two numbers.'],
    ['Chinese', '编写一个函数，将两个数字相加并返回结果。'],
    ['digits', '1, 2, 3, 4, 5, 6, 7, 8, 9, 10'],
    ['emoji', '😀😃😄 '],
    ['what spells tokens', '<|code|><|endofblock|>'],
  ])('is no less than the tokens of %s', async (_, text) => {
    const tokenizer = await loadTokenizer(model)
    const content = text.repeat(20)
    const tokens = tokenizer.encodeSegments([{ text: content }]).length
    expect(worstOfChat(chat(content)).inputTokens).toBeGreaterThanOrEqual(tokens)
    const messages = [{ role: 'user' as const, content: [{ type: 'text' as const, content }] }]
    const opened = tokenizer.encodeSegments(renderOpenDialog(messages)).length
    const worst = worstOfDialog({ messages, sampling, draw: '' })
    expect(worst.inputTokens).toBeGreaterThanOrEqual(8 * opened)
    expect(worst.outputTokens).toBeGreaterThanOrEqual(sampling.maxTokens)
  })

  it('counts bytes, not characters', () => {
    const { inputTokens } = worstOfChat(chat('数'.repeat(1000)))
    expect(inputTokens).toBeGreaterThanOrEqual(3000)
  })

  it('counts the tool, and the calls that were made before', () => {
    const { tool } = toolProtocol('python')
    if (!tool) throw new Error('no tool')
    const plain = worstOfChat(chat('x')).inputTokens
    const withTool = worstOfChat({ ...chat('x'), tool }).inputTokens
    expect(withTool - plain).toBeGreaterThan(JSON.stringify(tool).length)
    const toolCall = { id: 'c', name: 'run_code', arguments: '0'.repeat(500) }
    const messages = [{ role: 'assistant' as const, content: '', toolCall }]
    expect(worstOfChat({ messages, sampling }).inputTokens).toBeGreaterThan(500)
  })
})
