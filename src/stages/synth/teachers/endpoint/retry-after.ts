/**
 * Milliseconds that a server asks to wait: `retry-after-ms`, or `Retry-After` as seconds or as a
 * date (RFC 9110, 10.2.3); undefined when it does not say.
 */
export function readRetryAfter(headers: Headers | undefined, now = Date.now()): number | undefined {
  const exact = Number(headers?.get('retry-after-ms') ?? Number.NaN)
  if (exact >= 0) return exact
  const text = headers?.get('retry-after')
  if (text === null || text === undefined || text.trim() === '') return undefined
  const seconds = Number(text)
  if (seconds >= 0) return seconds * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/**
 * How long to wait before an attempt is made again: what the server asks for with up to a tenth on
 * top, or a random share of a time that doubles each time from half a second to half a minute ("equal jitter").
 */
export function chooseWait(attempt: number, asked: number | undefined, draw: number): number {
  if (asked !== undefined) return asked * (1 + draw / 10)
  const ceiling = Math.min(30_000, 500 * 2 ** attempt)
  return ceiling * (0.5 + draw / 2)
}
