import { APIConnectionTimeoutError, type APIError, APIError as ApiErrorClass } from 'openai'
import { InputError, ReflectionCoderError } from '../../../../core/index.ts'
import type { Reply } from '../reply.ts'
import { readRetryAfter } from './retry-after.ts'

/** What to do about a call that did not succeed. */
export type Failure =
  | {
      readonly kind: 'again'
      readonly end: 'overload' | 'other'
      readonly what: string
      readonly waitMs?: number
    }
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'adapt'; readonly parameter: string }
  | { readonly kind: 'fatal'; readonly error: ReflectionCoderError }

/** The call was silent for too long and was given up by us. */
export class StallError extends Error {}

/** The stream ended before it said that it was at its end. */
export class BrokenStreamError extends Error {}

/** What came is a page for people, not a reply: its type. */
export class WebPageError extends Error {}

/** @throws `WebPageError` */
export function refuseWebPage(headers: Headers | undefined): void {
  const type = headers?.get('content-type') ?? ''
  if (isWebPage(type)) throw new WebPageError(type)
}

const isWebPage = (contentType: string) => /\b(?:html|xhtml)\b/i.test(contentType)

/** Tells passing faults, answers in the guise of errors, and faults that nothing will mend. */
export function explainFailure(
  error: unknown,
  {
    model,
    baseUrl,
    redact,
    everHeard,
  }: {
    model: string
    baseUrl: string
    redact: (text: string) => string
    /** Whether the endpoint has ever replied. */
    everHeard: boolean
  },
): Failure {
  if (error instanceof StallError) return { kind: 'again', end: 'other', what: error.message }
  if (error instanceof WebPageError) {
    // An endpoint that has replied before is behind something that shows its own page for a while.
    return everHeard
      ? { kind: 'again', end: 'overload', what: `a web page (${error.message}) instead of a reply` }
      : fatal(...noEndpoint(baseUrl, error.message), error)
  }
  if (!(error instanceof ApiErrorClass) || error.status === undefined) {
    return { kind: 'again', end: connectionEnd(error), what: redact(describeConnection(error)) }
  }
  const { status } = error
  const message = redact(error.message)
  if (status === 408 || status === 409 || status === 429 || status >= 500) {
    if (status === 429 && error.code === 'insufficient_quota') {
      return fatal(
        'RC_TEACHER_QUOTA',
        message,
        'The account has no credit left; --resume goes on.',
        error,
      )
    }
    const waitMs = readRetryAfter(error.headers)
    const end = status === 500 ? 'other' : 'overload'
    return { kind: 'again', end, what: message, ...(waitMs === undefined ? {} : { waitMs }) }
  }
  if (status === 401 || status === 403) {
    return fatal(
      'RC_TEACHER_KEY_REFUSED',
      `${baseUrl} refuses the key: ${message}`,
      'Check the key in the environment variable that --api-key-env names.',
      error,
    )
  }
  const type = error.headers?.get('content-type') ?? ''
  if (isWebPage(type) && !everHeard)
    return fatal(...noEndpoint(baseUrl, `${status}, ${type}`), error)
  if (status === 404) {
    return fatal(
      'RC_TEACHER_NOT_FOUND',
      `${baseUrl} does not know the model ${model}: ${message}`,
      'Check the model in --teacher and the address in --base-url (it mostly ends in /v1).',
      error,
    )
  }
  return explainBadRequest(error, message)
}

function explainBadRequest(error: APIError, message: string): Failure {
  const empty = { usage: { inputTokens: 0, outputTokens: 0 } }
  if (/content.?(filter|management|policy)/i.test(`${error.code} ${message}`)) {
    return { kind: 'reply', reply: { text: message, finish: 'refused', ...empty } }
  }
  if (
    error.code === 'context_length_exceeded' ||
    /context (length|window|size)|maximum context|too many tokens/i.test(message)
  ) {
    return { kind: 'reply', reply: { text: message, finish: 'too-long', ...empty } }
  }
  const parameter = [
    'stream_options',
    'max_completion_tokens',
    'max_tokens',
    'top_p',
    'temperature',
  ]
    .filter((name) => message.includes(name))
    .at(0)
  if (parameter) return { kind: 'adapt', parameter: bothTokenNames(message) ?? parameter }
  return fatal(
    'RC_TEACHER_BAD_REQUEST',
    `the endpoint refuses the request: ${message}`,
    'Check --protocol, the sampling options and what the model supports.',
    error,
  )
}

/** Newer models ask for the other name of the limit and mention both. */
function bothTokenNames(message: string): string | undefined {
  return message.includes('max_completion_tokens') && message.includes('max_tokens')
    ? 'max_tokens'
    : undefined
}

function noEndpoint(baseUrl: string, got: string): [code: string, message: string, hint: string] {
  const likely = /\/v\d+$/.test(baseUrl) ? '' : `, probably ${baseUrl}/v1`
  return [
    'RC_TEACHER_NO_ENDPOINT',
    `${baseUrl} is no completions endpoint: expected JSON or a stream, got a web page (${got})`,
    `Give --base-url the address of the API${likely}.`,
  ]
}

/** Refused and timed-out connections may be overload, a broken one is a stray fault. */
function connectionEnd(error: unknown): 'overload' | 'other' {
  return error instanceof APIConnectionTimeoutError ? 'overload' : 'other'
}

/** The deepest cause says what happened: `ECONNREFUSED` rather than "Connection error." */
function describeConnection(error: unknown): string {
  let cause = error as { cause?: unknown; message?: string; code?: string; errors?: unknown[] }
  while (cause.cause instanceof Error || (cause.errors?.length ?? 0) > 0) {
    cause = (cause.cause ?? cause.errors?.[0]) as typeof cause
  }
  const message = cause.message || String(cause)
  return cause.code && !message.includes(cause.code) ? `${message} (${cause.code})` : message
}

function fatal(code: string, message: string, hint: string, cause: unknown): Failure {
  const { name, stack } = cause as Error
  // The cause is kept without its message, which may repeat the key.
  const bare = Object.assign(new Error(name), { stack: stack?.split('\n').slice(1).join('\n') })
  return { kind: 'fatal', error: new InputError(message, { code, hint, cause: bare }) }
}

/** An endpoint that never answered, or no longer does. */
export function unreachable(baseUrl: string, what: string, attempts: number): ReflectionCoderError {
  return new ReflectionCoderError(
    `the endpoint ${baseUrl} gave no reply in ${attempts} attempts: ${what}`,
    {
      code: 'RC_TEACHER_UNREACHABLE',
      hint: 'Check that the server runs and --base-url; what is done is kept, --resume goes on.',
    },
  )
}
