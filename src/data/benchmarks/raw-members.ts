/**
 * Raw JSON text of each member of the object in `text`, which must be valid JSON already; of equal
 * keys the last counts. Numbers keep every digit, because nothing is converted.
 */
export function rawMembers(text: string): Map<string, string> {
  const members = new Map<string, string>()
  let position = skipSpace(text, skipSpace(text, 0) + 1)
  while (text[position] === '"') {
    const keyEnd = endOfString(text, position)
    const key = JSON.parse(text.slice(position, keyEnd)) as string
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const end = endOfValue(text, start)
    members.set(key, text.slice(start, end))
    position = skipSpace(text, end)
    if (text[position] === ',') position = skipSpace(text, position + 1)
  }
  return members
}

/** Raw JSON text of each element of the list in `text`, which must be valid JSON already. */
export function rawElements(text: string): string[] {
  const elements: string[] = []
  let position = skipSpace(text, skipSpace(text, 0) + 1)
  while (position < text.length && text[position] !== ']') {
    const end = endOfValue(text, position)
    elements.push(text.slice(position, end))
    position = skipSpace(text, end)
    if (text[position] === ',') position = skipSpace(text, position + 1)
  }
  return elements
}

function endOfValue(text: string, start: number): number {
  if (text[start] === '"') return endOfString(text, start)
  let depth = 0
  for (let position = start; position < text.length; position++) {
    const character = text[position]
    if (character === '"') position = endOfString(text, position) - 1
    else if (character === '[' || character === '{') depth++
    else if (character === ']' || character === '}') {
      if (depth === 0) return trimEnd(text, position)
      depth--
    } else if (character === ',' && depth === 0) return trimEnd(text, position)
  }
  return text.length
}

function endOfString(text: string, start: number): number {
  let position = start + 1
  while (position < text.length && text[position] !== '"')
    position += text[position] === '\\' ? 2 : 1
  return position + 1
}

function skipSpace(text: string, start: number): number {
  let position = start
  while (isSpace(text[position])) position++
  return position
}

function trimEnd(text: string, end: number): number {
  let position = end
  while (isSpace(text[position - 1])) position--
  return position
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t' || character === '\n' || character === '\r'
}
