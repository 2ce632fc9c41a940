import { createRandom } from '../../../core/index.ts'
import { languageTable, testsMarker } from '../languages.ts'
import { runSeconds } from '../notebook/notebook.ts'
import type { SynthOptions } from '../options.ts'
import { fillSlots } from '../prompts/fill-slots.ts'
import type { PromptSet } from '../prompts/load-prompts.ts'
import { isProblem, type Teacher, type TeacherProblem } from '../teacher.ts'
import { askingSession, type Calls, openCalls, stageSampling } from './asking-session.ts'
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
      seconds: String(runSeconds(options)),
      failing: languageTable[language].failing,
    }
    const fill = (phrasings: readonly string[], more: Record<string, string> = {}) =>
      fillSlots(random.pick(phrasings), { ...slots, ...more })
    const request = fill(prompts.reflect)
    const answerRequest = fill(prompts.answer)
    const system = fill(protocol.tool ? prompts.systemTools : prompts.system)
    const calls = openCalls(transport, instruction.id)
    const chat = openChat(calls, protocol, [
      { role: 'system', content: system },
      { role: 'user', content: request },
    ])
    return askingSession(calls, {
      request,
      answerRequest,
      async next(results) {
        const last = results.at(-1)
        if (last) chat.tellOutput(last.output, fill(prompts.output, { output: last.output }))
        const read = await chat.askForCode(stageSampling(options, 'reflection'))
        if (isProblem(read) || read.code !== undefined) return read
        return results.length === 0 && looksLikeRefusal(read)
          ? { problem: 'refused', detail: read.text }
          : read
      },
      async answer() {
        const content = `${answerRequest}\n\n${fill(prompts.answerRules)}`
        const reply = await chat.ask({ role: 'user', content }, stageSampling(options, 'answer'))
        return readAnswer(reply, language)
      },
    })
  }
}

/** One conversation, which grows by what is said. */
function openChat(calls: Calls<ChatRequest>, protocol: Protocol, opening: ChatMessage[]) {
  const messages = [...opening]
  const send = async (sampling: Sampling, tool: boolean, complaint = ''): Promise<Reply> => {
    const request: ChatRequest = {
      messages: complaint === '' ? [...messages] : addToLast(messages, complaint),
      sampling,
      ...(tool && protocol.tool ? { tool: protocol.tool } : {}),
    }
    return calls.ask(request)
  }
  return {
    tellOutput(output: string, rendered: string): void {
      messages.push(protocol.tellOutput(output, rendered, calls.replies.length - 1))
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
        const read = protocol.read(reply, calls.replies.length - 1)
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
