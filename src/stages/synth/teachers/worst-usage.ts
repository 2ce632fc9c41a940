import { formatSegments, renderOpenDialog } from '../../../data/dialog/index.ts'
import type { Usage } from '../budget.ts'
import { escapeText } from './native/escape-text.ts'
import { blockLimit } from './native/write-blocks.ts'
import type { ChatRequest, DialogRequest } from './reply.ts'

/** Tokens that a chat template puts around one message at most. */
const tokensAroundMessage = 16

/** Tokens by which a chat template introduces tools at most: some explain at length how to call. */
const tokensAroundTools = 512

/**
 * The most that a chat request may take. Each token stands for at least one byte, so a text has no
 * more tokens than bytes, whatever its language; the tool is read with the messages.
 */
export function worstOfChat({ messages, tool, sampling }: ChatRequest): Usage {
  const read = messages.map(
    ({ content, toolCall }) =>
      Buffer.byteLength(content + (toolCall?.arguments ?? '')) + tokensAroundMessage,
  )
  const tools = tool === undefined ? 0 : Buffer.byteLength(JSON.stringify(tool)) + tokensAroundTools
  return { inputTokens: sum(read) + tools, outputTokens: sampling.maxTokens }
}

/**
 * The most that a turn of a tuned model may take: it is asked for block after block, each time with
 * all before, and begins none when it has written `maxTokens`.
 */
export function worstOfDialog({ messages, sampling: { maxTokens } }: DialogRequest): Usage {
  const opened = Buffer.byteLength(formatSegments(renderOpenDialog(messages).map(escapeText)))
  return {
    inputTokens: blockLimit * (opened + tokensAroundMessage) + (blockLimit - 1) * 2 * maxTokens,
    outputTokens: 2 * maxTokens,
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)
