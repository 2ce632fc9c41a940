import { findSpecialTokens } from '../../../data/dialog/index.ts'
import { isWholePython } from '../keep/python-statements.ts'
import { type Language, languageTable } from '../languages.ts'
import type { Attempt, TeacherProblem } from '../teacher.ts'
import { problemOfEnd } from './asking-session.ts'
import { type Fence, findFences } from './find-fences.ts'
import type { ChatMessage, Reply, ToolDefinition } from './reply.ts'

/** What a reply of stage 1 came to: a program after its text, or text alone at the end. */
export interface ReadReply {
  readonly text: string
  readonly code?: string
  /** What stands in the conversation for the reply. */
  readonly message: ChatMessage
}

/** A reply that must be asked for again, with what to say about it. */
export interface Complaint {
  readonly complaint: string
}

/** How programs are asked for and outputs given back. */
export interface Protocol {
  readonly tool?: ToolDefinition
  read(reply: Reply, call: number): ReadReply | Complaint | TeacherProblem
  /** The message that carries the output of the last program. */
  tellOutput(output: string, rendered: string, call: number): ChatMessage
}

/** Programs stand in fences; whatever follows the first one was said without seeing its output. */
export function fencedProtocol(language: Language): Protocol {
  return {
    read(reply) {
      const problem = findProblem(reply)
      if (problem) return problem
      const text = withoutThinking(reply.text)
      const fence = findFences(text).find(({ tag }) => isRunnable(tag, language))
      if (fence === undefined || fence.code.trim() === '') {
        if (reply.finish === 'length') return { problem: 'cut-off' }
        return { text: text.trim(), message: { role: 'assistant', content: text.trim() } }
      }
      if (!fence.closed && reply.finish === 'length') return { problem: 'cut-off' }
      return fromFence(text, fence)
    },
    tellOutput: (_, rendered) => ({ role: 'user', content: rendered }),
  }
}

function fromFence(text: string, fence: Fence): ReadReply {
  const shown = text.slice(0, fence.end).trimEnd()
  const content = fence.closed ? shown : `${shown}\n\`\`\``
  return {
    text: text.slice(0, fence.start).trim(),
    code: fence.code,
    message: { role: 'assistant', content },
  }
}

/** Programs are the argument of a tool call, as code interpreters have it. */
export function toolProtocol(language: Language): Protocol {
  const { name } = languageTable[language]
  const tool: ToolDefinition = {
    name: 'run_code',
    description: `Runs ${name} code and returns what it prints, as a notebook shows it.`,
    parameters: {
      type: 'object',
      properties: { code: { type: 'string', description: `${name} source code.` } },
      required: ['code'],
      additionalProperties: false,
    },
  }
  return {
    tool,
    read(reply, call) {
      const problem = findProblem(reply)
      if (problem) return problem
      const text = withoutThinking(reply.text).trim()
      if (reply.toolCall === undefined) {
        if (reply.finish === 'length') return { problem: 'cut-off' }
        return { text, message: { role: 'assistant', content: text } }
      }
      const code = readCode(reply.toolCall, tool.name)
      if (typeof code !== 'string') return reply.finish === 'length' ? { problem: 'cut-off' } : code
      const id = callId(call)
      const toolCall = { id, name: tool.name, arguments: JSON.stringify({ code }) }
      return { text, code, message: { role: 'assistant', content: text, toolCall } }
    },
    tellOutput: (output, _, call) => ({
      role: 'tool',
      content: output,
      toolCallId: callId(call),
    }),
  }
}

const callId = (call: number) => `call_${call}`

function readCode(
  call: NonNullable<Reply['toolCall']>,
  known: string,
): string | Omit<Complaint, 'message'> {
  const again = `Call ${known} again, with arguments such as {"code": "print(1)"}.`
  if (call.name !== known) return { complaint: `There is no tool ${call.name}. ${again}` }
  let value: unknown
  try {
    value = JSON.parse(call.arguments)
  } catch (error) {
    const fault = (error as Error).message
    return { complaint: `The arguments of your call are not JSON: ${fault}. ${again}` }
  }
  const code = (value as { code?: unknown } | null)?.code
  if (typeof code === 'string' && code.trim() !== '') return code
  return { complaint: `The arguments of your call hold no code. ${again}` }
}

/** What makes a reply unusable in either stage. */
export function findProblem(reply: Reply): TeacherProblem | undefined {
  const problem = problemOfEnd(reply)
  if (problem) return problem
  if (reply.text.trim() === '' && reply.toolCall === undefined) {
    return { problem: reply.finish === 'length' ? 'cut-off' : 'empty-reply' }
  }
  const tokens = findSpecialTokens(`${reply.text}${reply.toolCall?.arguments ?? ''}`)
  if (tokens.length > 0) return { problem: 'special-tokens', detail: tokens.join(' ') }
  return undefined
}

/** The final answer: the code of the only fence, or the whole reply where it has none. */
export function readAnswer(reply: Reply, language: Language): string | TeacherProblem {
  const problem = findProblem(reply)
  if (problem) return problem
  if (reply.finish === 'length') return { problem: 'cut-off' }
  const text = withoutThinking(reply.text)
  const fences = findFences(text)
  if (fences.length > 1) {
    return { problem: 'answer-in-several-fences', detail: `${fences.length} fences` }
  }
  const [fence] = fences
  if (fence === undefined) {
    const bare = language === 'python' && isWholePython(text)
    return bare ? text.trim() : { problem: 'answer-without-code' }
  }
  if (!fence.closed) return { problem: 'answer-fence-not-closed' }
  if (fence.code.trim() === '') return { problem: 'answer-without-code' }
  if (!isRunnable(fence.tag, language)) {
    return { problem: 'answer-in-other-language', detail: fence.tag }
  }
  return fence.code
}

/** A fence without a tag counts as the language that was asked for. */
function isRunnable(tag: string, language: Language): boolean {
  return tag === '' || languageTable[language].tags.includes(tag)
}

/** Takes off what reasoning models think aloud before they reply. */
function withoutThinking(text: string): string {
  return text.replace(/^\s*<think(?:ing)?>[\s\S]*?<\/think(?:ing)?>/, '')
}

/** What a refusal in plain words looks like, where it is all that was said. */
export function looksLikeRefusal({ text }: Pick<Attempt, 'text'>): boolean {
  return /^(?:i['’]?m (?:very )?sorry|sorry,|i (?:can(?:no|['’])t|am (?:unable|not able) to|won['’]t)|as an ai\b)/i.test(
    text.trim(),
  )
}
