import { createRandom } from '../../../core/index.ts'
import { languageTable, testsMarker } from '../languages.ts'
import type { SynthOptions } from '../options.ts'
import { fillSlots } from '../prompts/fill-slots.ts'
import type { PromptSet } from '../prompts/load-prompts.ts'
import { isProblem, type Spent, type Teacher, type TeacherProblem } from '../teacher.ts'
import {
  fencedProtocol,
  looksLikeRefusal,
  type Protocol,
  type ReadReply,
  readAnswer,
  toolProtocol,
} from './protocol.ts'
import type { ChatMessage, ChatRequest, Reply, Sampling, Transport } from './reply.ts'

/** How often a call that cannot be read is asked for again. */
const complaintLimit = 2

/** A teacher that is spoken to in chat messages: an endpoint, or a recording of one. */
export function chatTeacher(
  transport: Transport,
  prompts: PromptSet,
  options: SynthOptions,
): Teacher {
  const { language, maxRounds } = options
  const protocol = options.protocol === 'tools' ? toolProtocol(language) : fencedProtocol(language)
  return async (instruction) => {
    const random = createRandom(options.seed, 'prompts', instruction.id)
    const slots = {
      instruction: instruction.instruction,
      language: languageTable[language].name,
      fence: languageTable[language].tags[0] as string,
      marker: testsMarker(language),
      rounds: String(maxRounds),
    }
    const fill = (phrasings: readonly string[], more: Record<string, string> = {}) =>
      fillSlots(random.pick(phrasings), { ...slots, ...more })
    const request = fill(prompts.reflect)
    const answerRequest = fill(prompts.answer)
    const system = fill(protocol.tool ? prompts.systemTools : prompts.system)
    const chat = openChat(transport, protocol, instruction.id, [
      { role: 'system', content: system },
      { role: 'user', content: request },
    ])
    let conclusion = ''
    return {
      request,
      answerRequest,
      get conclusion() {
        return conclusion
      },
      get spent() {
        return chat.spent
      },
      get replies() {
        return chat.replies
      },
      async next(results) {
        const last = results.at(-1)
        if (last) chat.tellOutput(last.output, fill(prompts.output, { output: last.output }))
        const read = await chat.askForCode(stageSampling(options, 'reflection'))
        if (isProblem(read)) return read
        if (read.code !== undefined) return { text: read.text, code: read.code }
        if (results.length === 0 && looksLikeRefusal(read)) {
          return { problem: 'refused', detail: read.text }
        }
        conclusion = read.text
        return undefined
      },
      async answer() {
        const content = `${answerRequest}\n\n${fill(prompts.answerRules)}`
        const reply = await chat.ask({ role: 'user', content }, stageSampling(options, 'answer'))
        return readAnswer(reply, language)
      },
    }
  }
}

/** Sampling of a stage; what is not set for the answer is that of the reflection. */
export function stageSampling(options: SynthOptions, stage: 'reflection' | 'answer'): Sampling {
  const { temperature, topP, maxTokens } = options
  if (stage === 'reflection') return { temperature, topP, maxTokens }
  return {
    temperature: options.answerTemperature ?? temperature,
    topP: options.answerTopP ?? topP,
    maxTokens: options.answerMaxTokens ?? maxTokens,
  }
}

/** One conversation: it grows by what is said, and counts what that cost. */
function openChat(transport: Transport, protocol: Protocol, id: string, opening: ChatMessage[]) {
  const messages = [...opening]
  const replies: Reply[] = []
  const send = async (sampling: Sampling, tool: boolean, complaint = ''): Promise<Reply> => {
    const request: ChatRequest = {
      messages: complaint === '' ? [...messages] : addToLast(messages, complaint),
      sampling,
      ...(tool && protocol.tool ? { tool: protocol.tool } : {}),
    }
    const reply = await transport.send(request, { id, call: replies.length })
    replies.push(reply)
    return reply
  }
  return {
    replies,
    get spent(): Spent {
      return sumUsage(replies)
    },
    tellOutput(output: string, rendered: string): void {
      messages.push(protocol.tellOutput(output, rendered, replies.length - 1))
    },
    async ask(message: ChatMessage, sampling: Sampling): Promise<Reply> {
      messages.push(message)
      return send(sampling, false)
    },
    /** Asks until the reply can be read, a few times at most. */
    async askForCode(sampling: Sampling): Promise<ReadReply | TeacherProblem> {
      let complaint = ''
      for (let complaints = 0; ; complaints++) {
        const reply = await send(sampling, true, complaint)
        const read = protocol.read(reply, replies.length - 1)
        if (isProblem(read)) return read
        if (!('complaint' in read)) {
          messages.push(read.message)
          return read
        }
        if (complaints === complaintLimit) {
          return { problem: 'broken-tool-call', detail: read.complaint }
        }
        complaint = `${complaint}\n\n${read.complaint}`
      }
    },
  }
}

/**
 * Servers want roles in turn and refuse calls with broken arguments: neither the call nor the
 * complaint becomes a message of its own, and both are forgotten when all is well.
 */
function addToLast(messages: readonly ChatMessage[], text: string): ChatMessage[] {
  const last = messages.at(-1) as ChatMessage
  return [...messages.slice(0, -1), { ...last, content: `${last.content}${text}` }]
}

export function sumUsage(replies: readonly Reply[]): Spent {
  return {
    calls: replies.length,
    inputTokens: replies.reduce((sum, { usage }) => sum + usage.inputTokens, 0),
    outputTokens: replies.reduce((sum, { usage }) => sum + usage.outputTokens, 0),
  }
}
