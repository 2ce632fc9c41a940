import { InputError, ReflectionCoderError } from '../../core/index.ts'
import { type HubReference, renderHubReference } from './model-reference.ts'

/** Codes of what can go wrong between here and the hub. */
export type HubErrorCode =
  | 'RC_HUB_OFFLINE'
  | 'RC_HUB_UNREACHABLE'
  | 'RC_HUB_DENIED'
  | 'RC_HUB_NOT_FOUND'
  | 'RC_HUB_NO_WEIGHTS'
  | 'RC_HUB_CHECKSUM'

/** The reference cannot be used as it is given. */
export function hubInputError(
  code: HubErrorCode,
  reference: HubReference,
  problem: string,
  hint: string,
  cause?: unknown,
): InputError {
  return new InputError(`the model ${renderHubReference(reference)}: ${problem}`, {
    code,
    hint,
    cause,
  })
}

/** Fetching failed though the reference is sound. */
export function hubFailure(
  code: HubErrorCode,
  reference: HubReference,
  problem: string,
  hint: string,
  cause?: unknown,
): ReflectionCoderError {
  return new ReflectionCoderError(`the model ${renderHubReference(reference)}: ${problem}`, {
    code,
    hint,
    cause,
  })
}

/** Turns an error of the client into one that says what to do; others go on as they are. */
export function explainHubError(
  error: unknown,
  reference: HubReference,
  endpoint: string,
  what: string,
): unknown {
  const status = statusOf(error)
  if (status === 401 || status === 403) {
    return hubInputError(
      'RC_HUB_DENIED',
      reference,
      `${endpoint} refuses ${what} (status ${status})`,
      'Check the name; for a private or gated model set HF_TOKEN and accept its conditions.',
      error,
    )
  }
  if (status === 404) {
    return hubInputError(
      'RC_HUB_NOT_FOUND',
      reference,
      `neither a path here nor known to ${endpoint}: ${what} is not found`,
      'Check the spelling of the path, or of the name, the revision and the file on the hub.',
      error,
    )
  }
  if (status !== undefined) {
    const hint = 'The hub may be busy; the same command goes on where it stopped.'
    const problem = `${endpoint} answers ${what} with status ${status}`
    return hubFailure('RC_HUB_UNREACHABLE', reference, problem, hint, error)
  }
  if (error instanceof ReflectionCoderError || !isNetworkError(error)) return error
  return hubFailure(
    'RC_HUB_UNREACHABLE',
    reference,
    `cannot reach ${endpoint} for ${what}: ${reasonOf(error)}`,
    'Check the network; the same command goes on where it stopped. Or give a folder or .gguf file.',
    error,
  )
}

/** Whether no answer came, or only a part of one. */
export function isNetworkError(error: unknown): boolean {
  if (!(error instanceof Error) || error.name === 'AbortError') return false
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  return error instanceof TypeError || /^(UND_ERR_|E[A-Z]+$)/.test(code) || isBroken(error)
}

/** The client passes the end of a broken stream on as a bare message. */
function isBroken(error: Error): boolean {
  return /terminated|aborted|socket|fetch failed|premature/i.test(error.message)
}

/** Status of an answer that the client reports as an error. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | null)?.statusCode
  return typeof status === 'number' ? status : undefined
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error && cause.message !== '' ? cause.message : message
}
