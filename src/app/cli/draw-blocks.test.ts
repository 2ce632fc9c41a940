import picocolors from 'picocolors'
import { describe, expect, it } from 'vitest'
import { drawBlocks } from './draw-blocks.ts'

describe('drawBlocks', () => {
  it('draws each block under its head, and the role once a message', () => {
    const user = { message: 0, role: 'user' }
    const assistant = { message: 1, role: 'assistant' }
    const blocks = [
      { ...user, head: 'text', content: 'Add\ntwo.' },
      { ...assistant, head: 'code', content: 'x = 1', paint: (line: string) => `<${line}>` },
      { ...assistant, head: 'execution', content: '' },
    ]
    const drawn = drawBlocks(blocks, { colors: picocolors.createColors(false) })
    expect(drawn.split('\n')).toEqual([
      ...['', 'user', '  text', '  │ Add', '  │ two.'],
      ...['', 'assistant', '  code', '  │ <x = 1>', '  execution', '  │ '],
    ])
  })
})
