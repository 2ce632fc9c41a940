const excerptLength = 40

/** Names a value from outside in a few words for an error message: `an empty list`, `"sytem"`. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'string') return `the text ${quoteExcerpt(value)}`
  if (Array.isArray(value)) {
    if (value.length === 0) return 'an empty list'
    return value.length === 1 ? 'a list of 1 item' : `a list of ${value.length} items`
  }
  if (typeof value === 'object') {
    const keys = Object.keys(value)
    return keys.length === 0 ? 'an empty object' : `an object with ${listKeys(keys)}`
  }
  return `the ${typeof value} ${String(value)}`
}

function quoteExcerpt(text: string): string {
  const characters = [...text.slice(0, 2 * excerptLength)]
  const whole = characters.length <= excerptLength && text.length <= 2 * excerptLength
  return JSON.stringify(whole ? text : `${characters.slice(0, excerptLength).join('')}…`)
}

function listKeys(keys: string[]): string {
  const shown = keys.slice(0, 6).map((key) => quoteExcerpt(key))
  const rest = keys.length - shown.length
  return `${keys.length === 1 ? 'the key' : 'the keys'} ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}
