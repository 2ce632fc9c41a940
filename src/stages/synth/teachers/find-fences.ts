/** A fenced block of Markdown. */
export interface Fence {
  /** First word after the opening fence, in lower case; empty without one. */
  readonly tag: string
  readonly code: string
  /** Index of the opening fence's line. */
  readonly start: number
  /** Index behind the closing fence's line. */
  readonly end: number
  readonly closed: boolean
}

/**
 * Fenced blocks in order (CommonMark 4.5; a fence may stand deeper than three spaces, as inside
 * lists, and its indentation is taken off the code). A block that is not closed reaches to the end.
 */
export function findFences(text: string): Fence[] {
  const fences: Fence[] = []
  let open:
    | { indent: string; mark: string; tag: string; start: number; lines: string[] }
    | undefined
  let at = 0
  while (at < text.length) {
    const lineEnd = text.indexOf('\n', at)
    const next = lineEnd < 0 ? text.length : lineEnd + 1
    const line = text.slice(at, lineEnd < 0 ? text.length : lineEnd)
    if (open === undefined) {
      const match = /^([ \t]*)(`{3,}|~{3,})[ \t]*([^\s`{]*)[^`]*$/.exec(line)
      if (match) {
        const [, indent = '', mark = '', tag = ''] = match
        open = { indent, mark, tag: tag.toLowerCase(), start: at, lines: [] }
      }
    } else if (closes(line, open.mark)) {
      fences.push({
        tag: open.tag,
        code: open.lines.join('\n'),
        start: open.start,
        end: next,
        closed: true,
      })
      open = undefined
    } else {
      open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line)
    }
    at = next
  }
  if (open !== undefined) {
    const { tag, lines, start } = open
    fences.push({ tag, code: lines.join('\n'), start, end: text.length, closed: false })
  }
  return fences
}

function closes(line: string, mark: string): boolean {
  const trimmed = line.trim()
  return trimmed.length >= mark.length && trimmed === (mark[0] as string).repeat(trimmed.length)
}
