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
  const first = text[start]
  if (first === '"') return endOfString(text, start)
  const isScalar = first !== '[' && first !== '{'
  return isScalar ? endOfScalar(text, start) : endOfContainer(text, start)
}

function endOfScalar(text: string, start: number): number {
  afterScalar.lastIndex = start
  return afterScalar.test(text) ? afterScalar.lastIndex - 1 : text.length
}

const afterScalar = /[,\]}\s]/g

function endOfContainer(text: string, start: number): number {
  let depth = 0
  stringOrBracket.lastIndex = start
  while (stringOrBracket.test(text)) {
    const position = stringOrBracket.lastIndex - 1
    const found = text[position]
    if (found === '"') stringOrBracket.lastIndex = endOfString(text, position)
    else if (found === '[' || found === '{') depth++
    else if (--depth === 0) return position + 1
  }
  return text.length
}

const stringOrBracket = /["[\]{}]/g

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text[end - 1 - backslashes] === '\\') backslashes++
    if (backslashes % 2 === 0) return end + 1
  }
  return text.length
}

function skipSpace(text: string, start: number): number {
  let position = start
  while (isSpace(text[position])) position++
  return position
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t' || character === '\n' || character === '\r'
}
