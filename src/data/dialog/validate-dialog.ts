import { describeValue } from './describe-value.ts'
import { blockTypes, type Dialog, type Message, plainType, roles } from './dialog.ts'
import { DialogError, type RecordPlace } from './dialog-error.ts'

const minimumReflectionMessages = 4

const hints = {
  record:
    'A record is {"messages":[{"role":"user","content":[{"type":"text","content":"…"}]}, …],"type":"generation"}.',
  messages: 'A dialog needs at least one message of the user and one answer of the assistant.',
  role: 'Only "user" and "assistant" occur; put the text of a system message into the first user message.',
  chat: 'For chat data with plain text as content, convert the file first: reflectioncoder data convert.',
  blockType: 'A block is "text", "code" or "execution" (the output of the code before it).',
  alternate: 'Messages alternate, and the user begins; join neighbours of one role.',
  unlabelled: 'Training learns the last answer; add it, or leave the record out.',
  reflection:
    'A reflection sample has the reflection instruction, the reflection, the re-answer instruction and the final answer; a record without a reflection has the type "generation".',
} as const

/**
 * Takes a parsed JSON value as a dialog.
 *
 * @throws `DialogError` (`RC_BAD_DIALOG`) naming file, line and field, for a wrong shape, role or
 * block type, roles that do not alternate from `user`, a last message that is not the assistant's,
 * and a reflection sample of fewer than four messages.
 */
export function validateDialog(value: unknown, place: RecordPlace): Dialog {
  const fail: Fail = (field, problem, hint) => {
    throw new DialogError(place, field, problem, hint)
  }
  const require: Require = (holds, field, what, got, hint) => {
    if (!holds) fail(field, `expected ${what}, got ${describeValue(got)}`, hint)
  }

  require(isObject(value), 'record', 'a dialog object', value, hints.record)
  const { messages, type } = value
  require(Array.isArray(messages), 'messages', 'a list of messages', messages, hints.record)
  require(messages.length > 0, 'messages', 'at least 2 messages', messages, hints.messages)
  const typed = typeof type === 'string' && type !== ''
  require(typed, 'type', `"${plainType}" or the name of a kind of reflection`, type, hints.record)
  for (const [index, message] of messages.entries()) {
    checkMessage(message, `messages[${index}]`, require)
  }
  checkTurns(messages as Message[], type, fail)
  return value as Dialog
}

type Fail = (field: string, problem: string, hint: string) => never
type Require = (
  holds: boolean,
  field: string,
  what: string,
  got: unknown,
  hint: string,
) => asserts holds

function checkMessage(message: unknown, field: string, require: Require): void {
  require(isObject(message), field, 'a message object', message, hints.record)
  const { role, content } = message
  require(isOneOf(roles, role), `${field}.role`, '"user" or "assistant"', role, hints.role)
  const hint = typeof content === 'string' ? hints.chat : hints.record
  require(Array.isArray(content), `${field}.content`, 'a list of blocks', content, hint)
  require(content.length > 0, `${field}.content`, 'at least 1 block', content, hints.blockType)
  for (const [index, block] of content.entries()) {
    checkBlock(block, `${field}.content[${index}]`, require)
  }
}

function checkBlock(block: unknown, field: string, require: Require): void {
  require(isObject(block), field, 'a block object', block, hints.blockType)
  const { type, content } = block
  const known = isOneOf(blockTypes, type)
  require(known, `${field}.type`, '"text", "code" or "execution"', type, hints.blockType)
  require(typeof content === 'string', `${field}.content`, 'text', content, hints.record)
}

function checkTurns(messages: Message[], type: string, fail: Fail): void {
  for (const [index, { role }] of messages.entries()) {
    const due = index % 2 === 0 ? 'user' : 'assistant'
    if (role === due) continue
    const before =
      index === 0 ? 'at the beginning' : `after a message of the ${messages[index - 1]?.role}`
    fail(`messages[${index}].role`, `expected "${due}" ${before}, got "${role}"`, hints.alternate)
  }
  if (messages.length % 2 === 1) {
    const field = `messages[${messages.length - 1}].role`
    const problem =
      'the last message is the user\'s, so the sample has no labels; expected "assistant"'
    fail(field, problem, hints.unlabelled)
  }
  if (type !== plainType && messages.length < minimumReflectionMessages) {
    const problem = `expected at least ${minimumReflectionMessages} messages for the type ${JSON.stringify(type)}, got ${messages.length}`
    fail('messages', problem, hints.reflection)
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isOneOf<T extends string>(options: readonly T[], value: unknown): value is T {
  return (options as readonly unknown[]).includes(value)
}
