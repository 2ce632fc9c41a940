import type { Budget } from '../budget.ts'
import type { SynthOptions } from '../options.ts'
import { loadPrompts, type PromptSet } from '../prompts/load-prompts.ts'
import { scriptedTeacher } from '../scripted-teacher.ts'
import type { Teacher } from '../teacher.ts'
import { type CallMeter, cachedTransport } from './cached-transport.ts'
import { chatTeacher } from './chat-teacher.ts'
import { nativeTeacher } from './native/native-teacher.ts'
import { recordedTransport } from './recorded-transport.ts'
import type { DialogRequest, Transport } from './reply.ts'
import type { Cache } from './response-cache.ts'
import { resolveConcurrency, splitTeacher } from './teacher-spec.ts'
import { worstOfChat, worstOfDialog } from './worst-usage.ts'

/** What a teacher works with. */
export interface TeacherTools {
  readonly cache: Cache | undefined
  readonly budget: Budget
  readonly meter: CallMeter
  /** Ends calls in flight, after a failure elsewhere. */
  readonly stop: AbortSignal
}

export interface OpenTeacher {
  readonly teacher: Teacher
  dispose(): Promise<void>
}

/** The prompts of a run; the scripted teacher has its own. */
export async function resolvePrompts(options: SynthOptions): Promise<PromptSet | undefined> {
  const { teacher, prompts, domain, language } = options
  if (teacher === 'scripted') return undefined
  const base = domain === 'code' && language !== 'python' ? 'program' : domain
  return loadPrompts(prompts ?? base, base)
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
  if (kind === 'native') {
    const { engineTransport } = await import('./native/engine-transport.ts')
    return nativeOver(await engineTransport(name, options), prompts, options, tools)
  }
  const { openEndpointClient } = await import('./endpoint/endpoint-client.ts')
  const endpoint = await openEndpointClient(name, options)
  const bounded = { ...options, concurrency: resolveConcurrency(options) }
  if (kind === 'completions') {
    const { completionsTransport } = await import('./native/completions-transport.ts')
    const transport = completionsTransport(endpoint, name, bounded, tools.stop)
    return nativeOver(transport, prompts, options, tools)
  }
  const { chatTransport } = await import('./endpoint/chat-transport.ts')
  return chatOver(chatTransport(endpoint, name, bounded, tools.stop), prompts, options, tools)
}

function nativeOver(
  transport: Transport<DialogRequest>,
  prompts: PromptSet,
  options: SynthOptions,
  { cache, budget, meter }: TeacherTools,
): OpenTeacher {
  return {
    teacher: nativeTeacher(
      cachedTransport(transport, cache, budget, worstOfDialog, meter),
      prompts,
      options,
    ),
    dispose: async () => transport.dispose?.(),
  }
}

function chatOver(
  transport: Transport,
  prompts: PromptSet,
  options: SynthOptions,
  { cache, budget, meter }: TeacherTools,
): OpenTeacher {
  const cached = cachedTransport(transport, cache, budget, worstOfChat, meter)
  return {
    teacher: chatTeacher(cached, prompts, options),
    dispose: async () => transport.dispose?.(),
  }
}
