/** Where JSON text first breaks the grammar (character from 0) and what is wrong there. */
export interface JsonFault {
  at: number
  problem: string
}

/**
 * Finds the first fault of JSON text (RFC 8259), or `undefined` when it has none. Unlike the message
 * of `JSON.parse` the answer does not depend on the version of the engine.
 */
export function findJsonFault(text: string): JsonFault | undefined {
  const open: ('[' | '{')[] = []
  let at = 0
  let due: Due = 'value'
  for (;;) {
    at = skip(text, at, blank)
    const character = text[at]
    if (due === 'comma') {
      const inside = open.at(-1)
      if (inside === undefined) {
        return character === undefined ? undefined : fault(text, at, 'the end of the line')
      }
      const close = inside === '[' ? ']' : '}'
      if (character === close) open.pop()
      else if (character === ',') due = inside === '[' ? 'value' : 'key'
      else return fault(text, at, `"," or "${close}"`)
      at += 1
      continue
    }
    if (due === 'colon') {
      if (character !== ':') return fault(text, at, '":"')
      due = 'value'
      at += 1
      continue
    }
    const mayClose: string | undefined =
      due === 'first value' ? ']' : due === 'first key' ? '}' : undefined
    if (character !== undefined && character === mayClose) {
      open.pop()
      due = 'comma'
      at += 1
      continue
    }
    const isKey: boolean = due === 'key' || due === 'first key'
    if (character === '"') {
      const end = skipStringBody(text, at + 1)
      if (text[end] !== '"') return faultInString(text, end)
      at = end + 1
      due = isKey ? 'colon' : 'comma'
      continue
    }
    if (isKey) return fault(text, at, due === 'key' ? 'a key in double quotes' : 'a key or "}"')
    if (character === '[' || character === '{') {
      open.push(character)
      due = character === '[' ? 'first value' : 'first key'
      at += 1
      continue
    }
    const end = skip(text, at, scalar)
    if (end === at) return fault(text, at, 'a value')
    at = end
    due = 'comma'
  }
}

type Due = 'value' | 'first value' | 'key' | 'first key' | 'colon' | 'comma'

const blank = /[ \t\r\n]*/y
const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y
const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

function skip(text: string, at: number, pattern: RegExp): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

/** Index of the closing quote, or of what should not be there before it. */
function skipStringBody(text: string, start: number): number {
  let at = start
  while (at < text.length && text[at] !== '"' && text.charCodeAt(at) >= 0x20) {
    if (text[at] !== '\\') {
      at += 1
      continue
    }
    const end = skip(text, at, escapeSequence)
    if (end === at) return at
    at = end
  }
  return at
}

function fault(text: string, at: number, expected: string): JsonFault {
  if (at >= text.length) return { at, problem: `expected ${expected}, but the line ends` }
  const word = /^(?:[\p{L}\p{N}_+.-]{1,20}|.)/su.exec(text.slice(at, at + 40))?.[0] ?? ''
  return { at, problem: `expected ${expected}, got ${JSON.stringify(word)}` }
}

function faultInString(text: string, at: number): JsonFault {
  if (at >= text.length) return { at, problem: 'a text is not closed before the line ends' }
  if (text[at] === '\\') {
    return { at, problem: `unknown escape ${JSON.stringify(text.slice(at, at + 2))} in a text` }
  }
  return { at, problem: `unescaped control character ${JSON.stringify(text[at])} in a text` }
}
