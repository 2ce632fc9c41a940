import type { Budget } from '../budget.ts'
import type { SynthOptions } from '../options.ts'
import { loadPrompts, type PromptSet } from '../prompts/load-prompts.ts'
import { scriptedTeacher } from '../scripted-teacher.ts'
import type { Teacher } from '../teacher.ts'
import { type CallMeter, cachedTransport } from './cached-transport.ts'
import { chatTeacher } from './chat-teacher.ts'
import { recordedTransport } from './recorded-transport.ts'
import type { ChatRequest, Transport } from './reply.ts'
import type { Cache } from './response-cache.ts'

/** What a teacher works with. */
export interface TeacherTools {
  readonly cache: Cache
  readonly budget: Budget
  readonly meter: CallMeter
  /** Ends calls in flight, after a failure elsewhere. */
  readonly stop: AbortSignal
}

export interface OpenTeacher {
  readonly teacher: Teacher
  /** What its transport did, for the bench. */
  readonly calls?: { attempts: number; faults: Record<string, number> }
  dispose(): Promise<void>
}

/** Instructions of the scripted teacher in work at one time. */
const scriptedConcurrency = 2
const otherConcurrency = 16

/** The kind of a teacher, and the model or file behind the colon. */
export function splitTeacher(spec: string): { kind: string; name: string } {
  const colon = spec.indexOf(':')
  return colon < 0
    ? { kind: spec, name: '' }
    : { kind: spec.slice(0, colon), name: spec.slice(colon + 1) }
}

export function resolveConcurrency({ teacher, concurrency }: SynthOptions): number {
  return concurrency ?? (teacher === 'scripted' ? scriptedConcurrency : otherConcurrency)
}

/** The prompts of a run; the scripted teacher has its own. */
export async function resolvePrompts(options: SynthOptions): Promise<PromptSet | undefined> {
  const { teacher, prompts, domain } = options
  return teacher === 'scripted' ? undefined : loadPrompts(prompts ?? domain, domain)
}

/** Opens the teacher that `options.teacher` names. */
export async function openTeacher(
  options: SynthOptions,
  prompts: PromptSet | undefined,
  tools: TeacherTools,
): Promise<OpenTeacher> {
  const { kind, name } = splitTeacher(options.teacher)
  if (prompts === undefined) {
    return { teacher: scriptedTeacher(options), dispose: async () => {} }
  }
  if (kind === 'recorded') {
    return chatOver(await recordedTransport(name), prompts, options, tools)
  }
  const { openEndpointClient } = await import('./endpoint/endpoint-client.ts')
  const { chatTransport } = await import('./endpoint/chat-transport.ts')
  const endpoint = await openEndpointClient(name, options)
  const bounded = { ...options, concurrency: resolveConcurrency(options) }
  const transport = chatTransport(endpoint, name, bounded, tools.stop)
  return { ...chatOver(transport, prompts, options, tools), calls: transport.calls.counts }
}

function chatOver(
  transport: Transport,
  prompts: PromptSet,
  options: SynthOptions,
  { cache, budget, meter }: TeacherTools,
): OpenTeacher {
  const cached = cachedTransport(transport, cache, budget, estimateUsage, meter)
  return {
    teacher: chatTeacher(cached, prompts, options),
    dispose: async () => transport.dispose?.(),
  }
}

/** The most a request may take: a token for every two characters read, and all that may be written. */
function estimateUsage({ messages, sampling }: ChatRequest) {
  const characters = messages.reduce(
    (sum, { content, toolCall }) => sum + content.length + (toolCall?.arguments.length ?? 0) + 16,
    0,
  )
  return { inputTokens: Math.ceil(characters / 2), outputTokens: sampling.maxTokens }
}
