import { describe, expect, it } from 'vitest'
import type { Dialog, Role } from './dialog.ts'
import {
  createPlainDialog,
  getFinalAnswer,
  getFinalInstruction,
  getInstruction,
  getReflection,
  isReflection,
  joinBlocks,
} from './dialog-parts.ts'

const message = (role: Role, content: string) => ({
  role,
  content: [{ type: 'text' as const, content }],
})
const reflection: Dialog = {
  type: 'reflection',
  messages: [
    message('user', 'reflect'),
    message('assistant', 'reflection'),
    message('user', 'answer'),
    message('assistant', 'first answer'),
    message('user', 'shorter'),
    message('assistant', 'last answer'),
  ],
}

describe('parts of a dialog', () => {
  it('are found in a reflection sample with further turns', () => {
    expect(isReflection(reflection)).toBe(true)
    expect(joinBlocks(getInstruction(reflection))).toBe('reflect')
    expect(joinBlocks(getFinalInstruction(reflection))).toBe('shorter')
    expect(joinBlocks(getFinalAnswer(reflection))).toBe('last answer')
    const found = getReflection(reflection)
    expect(found && joinBlocks(found)).toBe('reflection')
  })

  it('are found in a plain sample, which has no reflection', () => {
    const plain = createPlainDialog('q', 'a', { id: 'x' })
    expect(plain).toEqual({
      id: 'x',
      type: 'generation',
      messages: [message('user', 'q'), message('assistant', 'a')],
    })
    expect(isReflection(plain)).toBe(false)
    expect(getReflection(plain)).toBeUndefined()
    expect(getFinalAnswer(plain)).toBe(plain.messages[1])
  })

  it('are joined by block type', () => {
    const mixed = {
      role: 'assistant' as const,
      content: [
        { type: 'text' as const, content: 'a' },
        { type: 'code' as const, content: 'b' },
        { type: 'text' as const, content: 'c' },
      ],
    }
    expect(joinBlocks(mixed)).toBe('abc')
    expect(joinBlocks(mixed, 'text')).toBe('ac')
  })
})
