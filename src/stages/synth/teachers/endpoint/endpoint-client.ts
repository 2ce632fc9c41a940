import type OpenAI from 'openai'
import { InputError } from '../../../../core/index.ts'
import type { SynthOptions } from '../../options.ts'

/** A client of the official library, and the secret that no message may show. */
export interface EndpointClient {
  readonly client: OpenAI
  readonly baseUrl: string
  /** Replaces the key wherever a server repeats it. */
  redact(text: string): string
}

/**
 * Opens a client for any compatible server. The key comes from the environment variable that
 * `apiKeyEnv` names, the address from `baseUrl` or from `OPENAI_BASE_URL` (read by the library).
 *
 * @throws `RC_NO_API_KEY` for the public endpoint without a key, `RC_BAD_BASE_URL`
 */
export async function openEndpointClient(
  model: string,
  options: SynthOptions,
): Promise<EndpointClient> {
  const { default: OpenAIClient, AzureOpenAI } = await import('openai')
  const key = process.env[options.apiKeyEnv] ?? ''
  const baseURL = options.baseUrl ?? process.env.OPENAI_BASE_URL
  if (baseURL !== undefined) checkUrl(baseURL)
  else if (key === '') throw missingKey(options.apiKeyEnv)
  const common = {
    // A self-hosted server needs none, the library insists on one.
    apiKey: key === '' ? 'none' : key,
    maxRetries: 0,
    timeout: options.timeoutMs,
    logLevel: 'off' as const,
  }
  const client = options.apiVersion
    ? new AzureOpenAI({
        ...common,
        baseURL: `${trimSlash(baseURL ?? '')}/openai/deployments/${encodeURIComponent(model)}`,
        apiVersion: options.apiVersion,
      })
    : new OpenAIClient({ ...common, ...(baseURL === undefined ? {} : { baseURL }) })
  return {
    client,
    baseUrl: withoutSecrets(client.baseURL),
    redact: (text) => (key.length >= 4 ? text.replaceAll(key, '[key]') : text),
  }
}

const trimSlash = (url: string) =>
  url.replace(/\/+$/, '').replace(/\/openai(\/deployments\/.*)?$/, '')

function checkUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return
  throw new InputError(`the base URL ${text} is none: expected http:// or https://`, {
    code: 'RC_BAD_BASE_URL',
    hint: 'Give for example --base-url http://localhost:8000/v1.',
  })
}

function withoutSecrets(text: string): string {
  const url = new URL(text)
  url.username = ''
  url.password = ''
  return url.href
}

function missingKey(name: string): InputError {
  return new InputError(`no key for the endpoint: the environment variable ${name} is not set`, {
    code: 'RC_NO_API_KEY',
    hint: `Set ${name}, or name another variable with --api-key-env; for a server of your own give --base-url.`,
  })
}
