import type OpenAI from 'openai'
import { InputError } from '../../../../core/index.ts'
import type { SynthOptions } from '../../options.ts'
import { httpFetch } from './http-fetch.ts'

/** A client of the official library, and the secret that no message may show. */
export interface EndpointClient {
  readonly client: OpenAI
  readonly baseUrl: string
  /** Replaces the key, and whatever secret the address holds, wherever a server repeats it. */
  redact(text: string): string
}

/**
 * Opens a client for any compatible server. The key comes from the environment variable that
 * `apiKeyEnv` names, the address from `baseUrl` or from `OPENAI_BASE_URL`. What stands behind a
 * question mark in the address is sent with every call; an `api-version` there counts as `apiVersion`.
 *
 * @throws `RC_NO_API_KEY` for the public endpoint without a key, `RC_BAD_BASE_URL`
 */
export async function openEndpointClient(
  model: string,
  options: SynthOptions,
): Promise<EndpointClient> {
  const { default: OpenAIClient, AzureOpenAI } = await import('openai')
  const key = process.env[options.apiKeyEnv] ?? ''
  const address = options.baseUrl ?? (process.env.OPENAI_BASE_URL || undefined)
  if (address === undefined && key === '') throw missingKey(options.apiKeyEnv)
  const { baseURL, query, credentials }: Address =
    address === undefined ? { query: {} } : splitAddress(address)
  const { 'api-version': versionInQuery, ...defaultQuery } = query
  const apiVersion = options.apiVersion ?? versionInQuery
  const common = {
    // A self-hosted server needs none, the library insists on one.
    apiKey: key === '' ? 'none' : key,
    maxRetries: 0,
    timeout: options.timeoutMs,
    logLevel: 'off' as const,
    fetch: httpFetch,
    defaultQuery,
    ...(credentials === undefined
      ? {}
      : { defaultHeaders: { Authorization: `Basic ${btoa(credentials.join(':'))}` } }),
  }
  const secrets = secretsOf(key, credentials, Object.values(defaultQuery))
  const client = apiVersion
    ? new AzureOpenAI({ ...common, baseURL: deploymentUrl(baseURL ?? '', model), apiVersion })
    : new OpenAIClient({ ...common, ...(baseURL === undefined ? {} : { baseURL }) })
  return {
    client,
    baseUrl: client.baseURL,
    redact: (text) => secrets.reduce((shown, secret) => shown.replaceAll(secret, '[key]'), text),
  }
}

/** Texts shorter than this occur by chance. */
const leastSecretCharacters = 4

/**
 * The key, the password and what stands behind the question mark (it may be a signature or a key),
 * as they are and as they are written in addresses and headers; longer ones first.
 */
function secretsOf(
  key: string,
  credentials: Address['credentials'],
  queryValues: readonly string[],
): string[] {
  const plain = [key, credentials?.[1] ?? '', ...queryValues]
  const written = plain.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    new URLSearchParams({ '': secret }).toString().slice(1),
  ])
  const header = credentials === undefined ? [] : [btoa(credentials.join(':'))]
  return [...new Set([...written, ...header])]
    .filter(({ length }) => length >= leastSecretCharacters)
    .sort((one, other) => other.length - one.length)
}

/** An Azure resource knows models by deployment: the one of the address, or the model's name. */
function deploymentUrl(baseURL: string, model: string): string {
  if (/\/deployments\/[^/]+$/.test(baseURL)) return baseURL
  const resource = baseURL.replace(/\/openai$/, '')
  return `${resource}/openai/deployments/${encodeURIComponent(model)}`
}

interface Address {
  readonly baseURL?: string
  /** User and password of the address, sent in a header. */
  readonly credentials?: readonly [user: string, password: string]
  readonly query: Readonly<Record<string, string>>
}

function splitAddress(text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    const shown = text.replace(/\/\/[^@/]*@/, '//').replace(/[?#].*$/s, '')
    throw new InputError(`the base URL ${shown} is none: expected http:// or https://`, {
      code: 'RC_BAD_BASE_URL',
      hint: 'Give for example --base-url http://localhost:8000/v1.',
    })
  }
  const query = Object.fromEntries(url.searchParams)
  const { username, password } = url
  url.username = ''
  url.password = ''
  url.search = ''
  url.hash = ''
  const credentials = [decodeURIComponent(username), decodeURIComponent(password)] as const
  return {
    baseURL: url.href.replace(/\/+$/, ''),
    query,
    ...(username === '' ? {} : { credentials }),
  }
}

function missingKey(name: string): InputError {
  return new InputError(`no key for the endpoint: the environment variable ${name} is not set`, {
    code: 'RC_NO_API_KEY',
    hint: `Set ${name}, or name another variable with --api-key-env; for a server of your own give --base-url.`,
  })
}
