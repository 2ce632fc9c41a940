import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the server is asked. */
export interface AskedChat {
  messages: { role: string; content: string; tool_calls?: { function: { arguments: string } }[] }[]
  tools?: unknown[]
  model: string
  stream?: boolean
  [name: string]: unknown
}

/** What it says. */
export interface SaidReply {
  text?: string
  refusal?: string
  toolCall?: { name: string; arguments: string }
  finish?: string
  /** Milliseconds between two pieces of a stream; default 0. */
  dripMs?: number
  /** An error instead. */
  status?: number
  error?: { message: string; code?: string }
}

export type ServerFault = '429' | '500' | '503' | 'reset' | 'reset-late' | 'stall' | 'cut'

export interface TeacherServerOptions {
  respond: (asked: AskedChat, path: string) => SaidReply
  latencyMs?: number
  /** Decides by the number of the request, from 0. */
  fault?: (request: number) => ServerFault | undefined
  /** `Retry-After` of faults 429 and 503. */
  retryAfter?: string
  /** The key that must be sent. */
  key?: string
  /** Whether tokens are counted; default true. */
  usage?: boolean
  /** Whether a stream is given where one is asked for; default true. */
  streams?: boolean
}

export interface TeacherServer {
  readonly baseUrl: string
  /** Whole replies by the hash of their request: how often each was given. */
  readonly served: Map<string, number>
  readonly faults: Record<string, number>
  readonly requests: { url: string; headers: IncomingMessage['headers']; body: AskedChat }[]
  readonly counts: {
    requests: number
    inFlight: number
    mostInFlight: number
    /** Of whole replies. */
    inputTokens: number
    outputTokens: number
  }
  close(): Promise<void>
}

/** A local server that speaks chat and raw completions and fails as it is told to. */
export async function startTeacherServer(options: TeacherServerOptions): Promise<TeacherServer> {
  const served = new Map<string, number>()
  const faults: Record<string, number> = {}
  const requests: TeacherServer['requests'] = []
  const counts = { requests: 0, inFlight: 0, mostInFlight: 0, inputTokens: 0, outputTokens: 0 }
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy())
  })
  server.keepAliveTimeout = 60_000

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const number = counts.requests++
    counts.inFlight += 1
    counts.mostInFlight = Math.max(counts.mostInFlight, counts.inFlight)
    response.on('close', () => {
      counts.inFlight -= 1
    })
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const body = JSON.parse(text || '{}') as AskedChat
    const url = request.url ?? ''
    if (requests.length < 1000) requests.push({ url, headers: request.headers, body })
    const given =
      request.headers['api-key'] ?? request.headers.authorization?.replace('Bearer ', '')
    if (options.key !== undefined && given !== options.key) {
      const message = `Incorrect API key provided: ${given}.`
      return sendError(response, 401, { message, code: 'invalid_api_key' })
    }
    const fault = options.fault?.(number)
    if (fault) faults[fault] = (faults[fault] ?? 0) + 1
    if (fault === 'reset') return request.socket.destroy()
    if (options.latencyMs) await new Promise((resolve) => setTimeout(resolve, options.latencyMs))
    if (fault === '429' || fault === '503') {
      response.setHeader('Retry-After', options.retryAfter ?? '0')
    }
    if (fault === '429' || fault === '500' || fault === '503') {
      return sendError(response, Number(fault), { message: `injected ${fault}` })
    }
    const said = options.respond(body, url)
    if (said.status) return sendError(response, said.status, said.error ?? { message: 'refused' })
    const done = () => {
      const key = createHash('sha256').update(text).digest('hex')
      served.set(key, (served.get(key) ?? 0) + 1)
      const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = usageOf(said)
      counts.inputTokens += inputTokens
      counts.outputTokens += outputTokens
    }
    const shown = options.usage === false ? { ...said, uncounted: true } : said
    const streams = options.streams !== false && body.stream
    if (url.includes('/chat/') && streams) return sendStream(response, shown, fault, done)
    if (fault === 'stall') return
    if (fault === 'reset-late' || fault === 'cut') return request.socket.destroy()
    done()
    sendJson(response, 200, url.includes('/chat/') ? completion(shown) : rawCompletion(shown))
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    served,
    faults,
    requests,
    counts,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

function sendError(response: ServerResponse, status: number, error: Record<string, unknown>) {
  sendJson(response, status, { error: { type: 'error', param: null, code: null, ...error } })
}

function sendJson(response: ServerResponse, status: number, value: unknown) {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify(value))
}

const usageShown = (said: SaidReply & { uncounted?: boolean }) =>
  said.uncounted ? {} : { usage: usageOf(said) }

const usageOf = ({ text = '', toolCall }: SaidReply) => {
  const tokens = Math.ceil((text.length + (toolCall?.arguments.length ?? 0)) / 4)
  return { prompt_tokens: 100, completion_tokens: tokens, total_tokens: 100 + tokens }
}

function completion(said: SaidReply) {
  const message = {
    role: 'assistant',
    content: said.text ?? null,
    refusal: said.refusal ?? null,
    ...(said.toolCall
      ? { tool_calls: [{ id: 'x1', type: 'function', function: said.toolCall }] }
      : {}),
  }
  return {
    id: 'c',
    object: 'chat.completion',
    choices: [{ index: 0, message, finish_reason: said.finish ?? 'stop' }],
    ...usageShown(said),
  }
}

function rawCompletion(said: SaidReply) {
  return {
    id: 'c',
    object: 'text_completion',
    choices: [{ index: 0, text: said.text ?? '', finish_reason: said.finish ?? 'stop' }],
    ...usageShown(said),
  }
}

async function sendStream(
  response: ServerResponse,
  said: SaidReply,
  fault: ServerFault | undefined,
  done: () => void,
) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  const deltas = deltasOf(said)
  const shown = fault ? deltas.slice(0, Math.ceil(deltas.length / 2)) : deltas
  for (const delta of shown) {
    send(response, { choices: [{ index: 0, delta, finish_reason: null }] })
    if (said.dripMs) await new Promise((resolve) => setTimeout(resolve, said.dripMs))
    if (response.destroyed) return
  }
  if (fault === 'stall') return
  if (fault === 'reset-late') response.destroy()
  if (fault === 'cut') response.end()
  if (fault) return
  done()
  send(response, { choices: [{ index: 0, delta: {}, finish_reason: said.finish ?? 'stop' }] })
  send(response, { choices: [], ...usageShown(said) })
  response.end('data: [DONE]\n\n')
}

function send(response: ServerResponse, value: Record<string, unknown>) {
  response.write(
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', ...value })}\n\n`,
  )
}

function deltasOf({ text = '', refusal, toolCall }: SaidReply): Record<string, unknown>[] {
  const deltas: Record<string, unknown>[] = [{ role: 'assistant', content: '' }]
  for (let at = 0; at < text.length; at += 40) deltas.push({ content: text.slice(at, at + 40) })
  if (refusal) deltas.push({ refusal })
  if (toolCall) {
    const head = { index: 0, id: 'x1', type: 'function' }
    const { name, arguments: text } = toolCall
    deltas.push({ tool_calls: [{ ...head, function: { name, arguments: '' } }] })
    for (let at = 0; at < text.length; at += 40) {
      deltas.push({ tool_calls: [{ index: 0, function: { arguments: text.slice(at, at + 40) } }] })
    }
  }
  return deltas
}

/** Asks for a function that adds a number; `task(7)` has its own name and number. */
export const additionTask = (n: number) =>
  `Write a Python function add_${n}(x) that returns x plus ${n}.`

/** Solves addition tasks: so many wrong programs first, then the right one, then the conclusion. */
export function additionTeacher(wrongRounds = 2): (asked: AskedChat) => SaidReply {
  return ({ messages, tools }) => {
    const n = Number(/add_(\d+)\(x\)/.exec(messages[1]?.content ?? '')?.[1] ?? 0)
    const rounds = messages.filter(({ role }) => role === 'assistant').length
    const last = messages.at(-1)?.content ?? ''
    if (last.includes('as if it were asked for the first time')) {
      return { text: `\`\`\`python\n${addition(n, 0)}\`\`\`` }
    }
    if (rounds > wrongRounds) return { text: `It adds ${n}, as the assertions show.` }
    const off = wrongRounds - rounds
    const code = `${addition(n, off)}assert add_${n}(1) == ${n + 1}, add_${n}(1)\nassert add_${n}(-${n}) == 0, add_${n}(-${n})`
    const text =
      rounds === 0 ? 'I add the number.' : `The result was off by ${off + 1}; I mend that.`
    if (tools) {
      return {
        text,
        toolCall: { name: 'run_code', arguments: JSON.stringify({ code }) },
        finish: 'tool_calls',
      }
    }
    return { text: `${text}\n\n\`\`\`python\n${code}\n\`\`\`` }
  }
}

const addition = (n: number, off: number) => `def add_${n}(x):\n    return x + ${n + off}\n`
