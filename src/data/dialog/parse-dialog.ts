import type { Block, Message } from './dialog.ts'
import { blockTypes, roles } from './dialog.ts'
import { blockTokens, type DialogSegment, roleTokens } from './special-tokens.ts'

/** What segments hold: messages, or where (index of the segment) the template is broken and how. */
export type ParsedSegments =
  | { ok: true; messages: Message[] }
  | { ok: false; segment: number; problem: string }

/**
 * Reads rendered messages back; the inverse of `renderDialog`. Neighbouring texts are joined, so
 * the segments may come from decoded tokens.
 */
export function parseSegments(segments: readonly DialogSegment[]): ParsedSegments {
  const messages: Message[] = []
  let message: Message | undefined
  let block: Block | undefined
  for (const [index, segment] of segments.entries()) {
    const broken = (problem: string) => ({ ok: false as const, segment: index, problem })
    if ('text' in segment) {
      if (segment.text === '') continue
      if (block === undefined) return broken('text outside a block')
      block.content += segment.text
      continue
    }
    const token = segment.special
    const role = roles.find((name) => roleTokens[name] === token)
    const blockType = blockTypes.find((name) => blockTokens[name] === token)
    if (block !== undefined) {
      if (token !== '<|endofblock|>') return broken(`${token} inside a block`)
      block = undefined
    } else if (message === undefined) {
      if (role === undefined) return broken(`${token} outside a message`)
      message = { role, content: [] }
      messages.push(message)
    } else if (blockType !== undefined) {
      block = { type: blockType, content: '' }
      message.content.push(block)
    } else if (token === '<|endofmessage|>') {
      message = undefined
    } else {
      return broken(`${token} inside a message, outside its blocks`)
    }
  }
  if (message === undefined) return { ok: true, messages }
  const missing = block === undefined ? '<|endofmessage|>' : '<|endofblock|>'
  return { ok: false, segment: segments.length, problem: `the end before ${missing}` }
}
