import type OpenAI from 'openai'
import type { SynthOptions } from '../../options.ts'
import type { ChatMessage, ChatRequest, Reply, Transport } from '../reply.ts'
import { guessTokens, isEndless } from '../reply-limits.ts'
import type { EndpointClient } from './endpoint-client.ts'
import { BrokenStreamError, refuseWebPage } from './explain-failure.ts'
import { type Attempt, createRetryingCalls, type RetryingCalls } from './retrying-calls.ts'

/** Chat completions of any compatible server. */
export function chatTransport(
  endpoint: EndpointClient,
  model: string,
  options: SynthOptions & { concurrency: number },
  stop: AbortSignal,
): Transport & { readonly calls: RetryingCalls } {
  const dialect: Dialect = {
    limitName: 'max_tokens',
    omitted: new Set(),
    stream: options.stream,
  }
  // Calls in flight may be refused for what another has learnt already: they are made again.
  const adapt = (parameter: string) => {
    if (parameter === 'max_tokens') dialect.limitName = 'max_completion_tokens'
    else if (optionalParameters.includes(parameter)) dialect.omitted.add(parameter)
    else return false
    return true
  }
  const calls = createRetryingCalls(endpoint, model, options, adapt, stop)
  return {
    calls,
    identity: { kind: 'chat', model, baseUrl: endpoint.baseUrl, apiVersion: options.apiVersion },
    send: (request) =>
      calls.call((attempt) => complete(endpoint.client, model, request, dialect, attempt)),
  }
}

/** What servers differ in; learnt from their refusals. */
interface Dialect {
  limitName: 'max_tokens' | 'max_completion_tokens'
  omitted: Set<string>
  stream: boolean
}

const optionalParameters = ['stream_options', 'top_p', 'temperature']

async function complete(
  client: OpenAI,
  model: string,
  request: ChatRequest,
  dialect: Dialect,
  { signal, heard }: Attempt,
): Promise<Reply> {
  const body = renderBody(model, request, dialect)
  if (!dialect.stream) {
    const { data: completion, response } = await client.chat.completions
      .create(body, { signal })
      .withResponse()
    refuseWebPage(response.headers)
    return readCompletion(completion, request)
  }
  const streamed: OpenAI.ChatCompletionCreateParamsStreaming = {
    ...body,
    stream: true,
    ...(dialect.omitted.has('stream_options') ? {} : { stream_options: { include_usage: true } }),
  }
  const { data: stream, response } = await client.chat.completions
    .create(streamed, { signal })
    .withResponse()
  heard()
  try {
    refuseWebPage(response.headers)
  } catch (error) {
    stream.controller.abort()
    throw error
  }
  // Some servers take no notice of `stream`.
  if (/\bjson\b/.test(response.headers.get('content-type') ?? '')) {
    return readCompletion((await response.json()) as OpenAI.ChatCompletion, request)
  }
  return readStream(stream, request, heard)
}

function renderBody(
  model: string,
  { messages, tool, sampling }: ChatRequest,
  { limitName, omitted }: Dialect,
): OpenAI.ChatCompletionCreateParamsNonStreaming {
  return {
    model,
    messages: messages.map(renderMessage),
    [limitName]: sampling.maxTokens,
    ...(omitted.has('temperature') ? {} : { temperature: sampling.temperature }),
    ...(omitted.has('top_p') || sampling.topP === 1 ? {} : { top_p: sampling.topP }),
    ...(tool === undefined ? {} : { tools: [{ type: 'function', function: { ...tool } }] }),
  }
}

function renderMessage(message: ChatMessage): OpenAI.ChatCompletionMessageParam {
  const { role, content, toolCall, toolCallId } = message
  if (role === 'tool') return { role, content, tool_call_id: toolCallId ?? '' }
  if (role !== 'assistant' || toolCall === undefined) return { role, content }
  const { id, name } = toolCall
  return {
    role,
    content,
    tool_calls: [{ id, type: 'function', function: { name, arguments: toolCall.arguments } }],
  }
}

function readCompletion(completion: OpenAI.ChatCompletion, request: ChatRequest): Reply {
  const choice = completion.choices?.[0]
  if (choice === undefined) throw new BrokenStreamError('a reply without choices')
  const { content, refusal, tool_calls: toolCalls } = choice.message
  const call = toolCalls?.[0]
  const toolCall = call?.type === 'function' ? pickCall(call.function) : undefined
  const text = refusal || content || ''
  const written = text + (toolCall?.arguments ?? '')
  const usage = readUsage(completion.usage, request, written.length)
  if (isEndless(written.length, request.sampling.maxTokens))
    return { text, finish: 'endless', usage }
  const finish = refusal ? 'refused' : readFinish(choice.finish_reason)
  return { text, ...(toolCall ? { toolCall } : {}), finish, usage }
}

const pickCall = ({ name, arguments: text }: { name: string; arguments: string }) => ({
  name,
  arguments: text,
})

async function readStream(
  stream: AsyncIterable<OpenAI.ChatCompletionChunk> & { controller: AbortController },
  request: ChatRequest,
  heard: () => void,
): Promise<Reply> {
  let text = ''
  let refusal = ''
  let call: { name: string; arguments: string } | undefined
  let finish: string | null = null
  let usage: OpenAI.CompletionUsage | null | undefined
  let thought = 0
  for await (const chunk of stream) {
    heard()
    usage = chunk.usage ?? usage
    const choice = chunk.choices?.[0]
    if (choice === undefined) continue
    const { delta } = choice
    text += delta?.content ?? ''
    refusal += delta?.refusal ?? ''
    thought += thinkingOf(delta).length
    for (const part of delta?.tool_calls ?? []) {
      // Of several calls the first is run; the next round sees its output.
      if ((part.index ?? 0) > 0) continue
      call ??= { name: '', arguments: '' }
      call.name += part.function?.name ?? ''
      call.arguments += part.function?.arguments ?? ''
    }
    finish = choice.finish_reason ?? finish
    const written = thought + text.length + (call?.arguments.length ?? 0)
    if (isEndless(written, request.sampling.maxTokens)) {
      stream.controller.abort()
      return { text, finish: 'endless', usage: readUsage(usage, request, written) }
    }
  }
  if (finish === null) throw new BrokenStreamError('the stream ended in the middle')
  return {
    text: refusal || text,
    ...(call ? { toolCall: call } : {}),
    finish: refusal ? 'refused' : readFinish(finish),
    usage: readUsage(usage, request, thought + text.length + (call?.arguments.length ?? 0)),
  }
}

/** What a reasoning model writes before its reply, where a server (vLLM, DeepSeek) sends it apart. */
function thinkingOf(delta: object | undefined): string {
  const { reasoning_content: long, reasoning: short } = (delta ?? {}) as Record<string, unknown>
  const thinking = long ?? short
  return typeof thinking === 'string' ? thinking : ''
}

function readFinish(reason: string | null): Reply['finish'] {
  if (reason === 'length') return 'length'
  return reason === 'content_filter' ? 'refused' : 'stop'
}

function readUsage(
  usage: OpenAI.CompletionUsage | null | undefined,
  { messages }: ChatRequest,
  writtenCharacters: number,
): Reply['usage'] {
  const read = messages.reduce(
    (sum, { content, toolCall }) => sum + content.length + (toolCall?.arguments.length ?? 0),
    0,
  )
  return {
    inputTokens: usage?.prompt_tokens ?? guessTokens(read),
    outputTokens: usage?.completion_tokens ?? guessTokens(writtenCharacters),
  }
}
