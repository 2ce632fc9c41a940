import {
  type Block,
  blockTokens,
  blockTypes,
  type DialogSegment,
  type Message,
} from '../../../../data/dialog/index.ts'
import type { Reply } from '../reply.ts'

/** What was written up to `<|endofblock|>`, `<|endofmessage|>` or the end; nothing at a message's end. */
export interface WrittenBlock {
  readonly segments: readonly DialogSegment[]
  readonly cut: boolean
  /** A call that came to nothing, with what was said about it. */
  readonly failure?: Reply
  readonly usage: Reply['usage']
}

/** Blocks that a turn may have before its program: more is a model that never comes to it. */
export const blockLimit = 8

/**
 * Lets a model write block after block until a program is whole, its message ends, or it has
 * written `maxTokens`.
 */
export async function writeBlocks(
  messages: readonly Message[],
  maxTokens: number,
  writeBlock: (messages: readonly Message[], index: number) => Promise<WrittenBlock>,
): Promise<Reply> {
  const blocks: Block[] = []
  let usage: Reply['usage'] = { inputTokens: 0, outputTokens: 0 }
  const end = (finish: Reply['finish'], text = ''): Reply => ({ text, blocks, finish, usage })
  while (blocks.length < blockLimit) {
    const open = appendBlocks(messages, blocks)
    const written = await writeBlock(open, blocks.length)
    usage = {
      inputTokens: usage.inputTokens + written.usage.inputTokens,
      outputTokens: usage.outputTokens + written.usage.outputTokens,
    }
    if (written.failure) return end(written.failure.finish, written.failure.text)
    if (written.cut) return end('length')
    if (written.segments.length === 0) return end('stop')
    const block = readBlock(written.segments)
    if (block === undefined) return end('stop', JSON.stringify(written.segments))
    blocks.push(block)
    if (block.type !== 'text') return end('stop')
    if (usage.outputTokens >= maxTokens) return end('length')
  }
  return end('endless')
}

/** Blocks join the assistant's message that is open, or open one. */
function appendBlocks(messages: readonly Message[], blocks: readonly Block[]): Message[] {
  const last = messages.at(-1)
  if (last?.role !== 'assistant') {
    return blocks.length === 0
      ? [...messages]
      : [...messages, { role: 'assistant', content: [...blocks] }]
  }
  return [...messages.slice(0, -1), { ...last, content: [...last.content, ...blocks] }]
}

/** A type token and then text alone. */
function readBlock([head, ...rest]: readonly DialogSegment[]): Block | undefined {
  if (head === undefined || !('special' in head)) return undefined
  const type = blockTypes.find((name) => blockTokens[name] === head.special)
  if (type === undefined) return undefined
  let content = ''
  for (const segment of rest) {
    if (!('text' in segment)) return undefined
    content += segment.text
  }
  return { type, content }
}
