import type { CellResult } from '../../../sandbox/index.ts'
import type { SynthOptions } from '../options.ts'
import type { Spent } from '../spent.ts'
import { isProblem, type TeacherProblem, type TeacherSession } from '../teacher.ts'
import type { Reply, Sampling, Transport } from './reply.ts'

/** Calls for one instruction, in order, with their account. */
export interface Calls<Request> {
  /** The replies so far as they came. */
  readonly replies: readonly Reply[]
  readonly spent: Spent
  ask(request: Request): Promise<Reply>
}

export function openCalls<Request>(transport: Transport<Request>, id: string): Calls<Request> {
  const replies: Reply[] = []
  return {
    replies,
    get spent() {
      return {
        calls: replies.length,
        inputTokens: replies.reduce((sum, { usage }) => sum + usage.inputTokens, 0),
        outputTokens: replies.reduce((sum, { usage }) => sum + usage.outputTokens, 0),
      }
    },
    async ask(request) {
      const reply = await transport.send(request, { id, call: replies.length })
      replies.push(reply)
      return reply
    },
  }
}

/** How one kind of teacher is spoken to. */
export interface Speech {
  readonly request: string
  readonly answerRequest: string
  /** A program after its text, or text alone, which ends the reflection. */
  next(results: readonly CellResult[]): Promise<{ text: string; code?: string } | TeacherProblem>
  answer(): Promise<string | TeacherProblem>
}

/** The session of a teacher whose replies are asked for. */
export function askingSession<Request>(calls: Calls<Request>, speech: Speech): TeacherSession {
  let conclusion = ''
  return {
    request: speech.request,
    answerRequest: speech.answerRequest,
    get conclusion() {
      return conclusion
    },
    get spent() {
      return calls.spent
    },
    get replies() {
      return calls.replies
    },
    async next(results) {
      const said = await speech.next(results)
      if (isProblem(said)) return said
      const { text, code } = said
      if (code !== undefined) return { text, code }
      conclusion = text
      return undefined
    },
    answer: () => speech.answer(),
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

/** What makes a reply unusable by the way it ended, however the teacher writes. */
export function problemOfEnd({ finish, text }: Reply): TeacherProblem | undefined {
  if (finish === 'refused') return { problem: 'refused', detail: text }
  if (finish === 'failed') return { problem: 'call-failed', detail: text }
  if (finish === 'endless') return { problem: 'endless-reply' }
  if (finish === 'too-long') return { problem: 'too-long', detail: text }
  return undefined
}
