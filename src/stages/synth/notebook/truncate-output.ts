/**
 * What a notebook shows of an output: control characters that no text has become U+FFFD, line ends
 * are those of Unix, and above `limit` characters the middle is left out, which the text says.
 */
export function truncateOutput(output: string, limit: number): string {
  const text = output.replaceAll('\r\n', '\n').replace(controls, '\ufffd')
  if (text.length <= limit) return text
  const half = Math.floor(limit / 2)
  const head = text.slice(0, cutBefore(text, half))
  const tail = text.slice(cutAfter(text, text.length - half))
  const left = text.length - head.length - tail.length
  return `${head}\n[… ${left} characters left out …]\n${tail}`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g

/** The last line end before a place, when it is near; never between two surrogates. */
function cutBefore(text: string, at: number): number {
  const line = text.lastIndexOf('\n', at)
  if (line > at * 0.75) return line
  return isHighSurrogate(text, at - 1) ? at - 1 : at
}

function cutAfter(text: string, at: number): number {
  const line = text.indexOf('\n', at)
  if (line >= 0 && line < at + (text.length - at) * 0.25) return line + 1
  return isHighSurrogate(text, at - 1) ? at + 1 : at
}

function isHighSurrogate(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 0xd800 && code <= 0xdbff
}
