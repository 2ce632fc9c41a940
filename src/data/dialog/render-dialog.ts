import type { Block, BlockType, Dialog, Message } from './dialog.ts'
import { blockTokens, type DialogSegment, roleTokens } from './special-tokens.ts'

/** The template of a whole dialog, without BOS and EOS; empty contents give no text segment. */
export function renderDialog(dialog: Pick<Dialog, 'messages'>): DialogSegment[] {
  return dialog.messages.flatMap(renderMessage)
}

/** One message from its role token to `<|endofmessage|>` inclusive. */
export function renderMessage(message: Message): DialogSegment[] {
  return [
    { special: roleTokens[message.role] },
    ...message.content.flatMap(renderBlock),
    { special: '<|endofmessage|>' },
  ]
}

/** One block from its type token to `<|endofblock|>` inclusive. */
export function renderBlock(block: Block): DialogSegment[] {
  return [...renderOpenBlock(block), { special: '<|endofblock|>' }]
}

/**
 * What a model continues to answer an instruction: the instruction as the user's only message, then
 * `<|assistant|>` and, when given, the beginning of the answer's first block, left open.
 */
export function renderPrompt(
  instruction: string,
  answerPrefix?: { type: BlockType; content: string },
): DialogSegment[] {
  const question: Message = { role: 'user', content: [{ type: 'text', content: instruction }] }
  const prompt = renderOpenDialog([question])
  return answerPrefix === undefined ? prompt : [...prompt, ...renderOpenBlock(answerPrefix)]
}

/**
 * A dialog for the assistant to go on with: after a user's message `<|assistant|>` is opened; an
 * assistant's last message is left open after its last block.
 */
export function renderOpenDialog(messages: readonly Message[]): DialogSegment[] {
  const segments = messages.flatMap(renderMessage)
  if (messages.at(-1)?.role === 'assistant') return segments.slice(0, -1)
  return [...segments, { special: roleTokens.assistant }]
}

function renderOpenBlock(block: Block): DialogSegment[] {
  const token: DialogSegment = { special: blockTokens[block.type] }
  return block.content === '' ? [token] : [token, { text: block.content }]
}

/** The template as one string, for people to read: literal tokens in content look like real ones. */
export function formatSegments(segments: readonly DialogSegment[]): string {
  return segments.map((part) => ('special' in part ? part.special : part.text)).join('')
}
