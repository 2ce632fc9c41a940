import type { Random } from '../../../core/index.ts'
import type { Language } from '../languages.ts'
import { maskLiterals } from './mask-literals.ts'
import { applyEdits, drawMutants, type Edit, faultFor } from './mutation.ts'

/** Up to `most` programs with one operator or number changed, outside of strings and comments. */
export function mutateProgram(
  source: string,
  language: Language,
  most: number,
  random: Random,
): string[] {
  const edits = [...maskLiterals(source, language).matchAll(tokens)].flatMap(
    ({ 0: token, index }): Edit[] => {
      const text = faultFor(token)
      return text === undefined ? [] : [{ from: index, to: index + token.length, text }]
    },
  )
  return drawMutants(source, edits, most, random)
}

/** Operators stand between blanks; numbers are whole and no part of a name. */
const tokens =
  /(?<=[\w)\]}] )(?:[<>]=?|[=!]==?|[+\-*/%]=?|&&?|\|\|?|-(?:lt|le|gt|ge|eq|ne))(?= [\w(!"'$[{-])|(?<![\w.$])(?:\d{1,9}|true|false)(?![\w.])/g

/**
 * The program in which every outermost function returns a default at once: `undefined`, zero, an
 * empty value, nothing. The rest of its body stays, so that nothing that it uses is unused. Undefined
 * where no function is found that could do so.
 */
export function stubProgram(source: string, language: Language): string | undefined {
  const find = functionHeads[language]
  if (find === undefined) return undefined
  const masked = maskLiterals(source, language)
  const edits: Edit[] = []
  let end = 0
  for (const match of masked.matchAll(find.pattern)) {
    const open = match.index + match[0].length
    if (open <= end || match.groups?.name === 'main') continue
    const text = find.giveUp(match.groups ?? {})
    if (text === undefined) continue
    edits.push({ from: open, to: open, text: ` ${text}` })
    end = endOfBlock(masked, open)
  }
  return edits.length === 0 ? undefined : applyEdits(source, edits)
}

/** Place of the brace that closes the block which was opened before `start`. */
function endOfBlock(masked: string, start: number): number {
  let depth = 1
  for (let at = start; at < masked.length; at++) {
    if (masked[at] === '{') depth += 1
    else if (masked[at] === '}') depth -= 1
    if (depth === 0) return at
  }
  return masked.length
}

interface FunctionHead {
  /** Up to and with the opening brace; its groups say what the function returns. */
  readonly pattern: RegExp
  /** The statement that returns a default; undefined where there is none. */
  giveUp(groups: Readonly<Record<string, string | undefined>>): string | undefined
}

/** Parameters, with parentheses within them. */
const parameters = String.raw`\((?:[^(){};]|\((?:[^(){};]|\([^(){};]*\))*\))*\)`
const notControl = String.raw`(?!(?:if|for|while|switch|catch|with|synchronized|else|do|return|new)\b)`

const scriptHead: FunctionHead = {
  // `function f() {`, `f = () => {`, and methods.
  pattern: new RegExp(
    String.raw`(?:\bfunction\b\s*\*?\s*\w*\s*(?:<[^{}()]*>)?\s*|(?<=^|[\s{};])${notControl}(?!constructor\b)#?[\w$]+\s*(?:<[^{}()]*>)?\s*)${parameters}\s*(?::\s*[^={};]+(?:\{[^{}]*\}[^={};]*)?)?\{|(?:${parameters}|[\w$]+)\s*(?::\s*[^={};]+)?=>\s*\{`,
    'gm',
  ),
  giveUp: () => 'return undefined;',
}

const functionHeads: Partial<Record<Language, FunctionHead>> = {
  javascript: scriptHead,
  typescript: {
    ...scriptHead,
    giveUp: () => 'if (true) return undefined as any;',
  },
  cpp: {
    // Type and name on the lines before the parentheses; constructors have no type.
    pattern: new RegExp(
      String.raw`(?<=^|[;{}:>\n])[ \t]*(?<type>[A-Za-z_][\w:<>,*& \t]*?[\s*&>])\s*(?<name>${notControl}(?:\w+::)*\w+)\s*${parameters}\s*(?:(?:const|noexcept|override|final)\s*)*(?:->\s*(?<late>[^{};=]+?)\s*)?\{`,
      'gm',
    ),
    giveUp({ type = '', late }) {
      const given = (late ?? type).replace(/\b(?:static|inline|constexpr|virtual|explicit)\b/g, '')
      const name = given.replace(/\bconst\b/g, '').trim()
      if (/^(?:return|else|new|throw|namespace|class|struct)\b/.test(name)) return undefined
      if (name === '' || /\bauto\b|&$/.test(name)) return undefined
      return name === 'void' ? 'return;' : 'return {};'
    },
  },
  java: {
    pattern: new RegExp(
      String.raw`(?<type>[A-Za-z_][\w.]*(?:<[^(){};]*>)?(?:\s*\[\s*\])*)\s+(?<name>${notControl}\w+)\s*${parameters}\s*(?:throws\s+[\w.,\s]+)?\{`,
      'g',
    ),
    giveUp({ type = '' }) {
      if (/^(?:new|return|else|record|class|public|private|protected)$/.test(type)) return undefined
      const zero = javaZeros[type] ?? 'null'
      // What follows a plain return would not be reachable.
      return type === 'void' ? 'if (true) return;' : `if (true) return ${zero};`
    },
  },
  go: {
    pattern: new RegExp(
      String.raw`^func\s+(?:\([^()]*\)\s*)?(?<name>\w+)(?:\[[^\]]*\])?\s*${parameters}[ \t]*(?<results>[^{}\n]*?(?:interface\{\}|struct\{\})?[^{}\n]*?)[ \t]*\{`,
      'gm',
    ),
    giveUp({ results = '' }) {
      const types = splitResults(results)
      const named = types.some(
        (type) => /^\w+\s+\S/.test(type) && !/^(?:func|chan|map)\b/.test(type),
      )
      if (types.length === 0 || named) return 'if true { return };'
      const names = types.map((_, index) => `stub${index}`)
      const declared = types.map((type, index) => `var ${names[index]} ${type};`).join(' ')
      return `if true { ${declared} return ${names.join(', ')} };`
    },
  },
  rust: {
    pattern: new RegExp(
      String.raw`\bfn\s+(?<name>\w+)\s*(?:<[^(){};]*>)?\s*${parameters}(?:\s*->\s*[^{};]+?)?(?:\s*where\b[^{};]*?)?\s*\{`,
      'g',
    ),
    giveUp: () => 'if true { return Default::default(); }',
  },
  bash: {
    pattern: /(?:^|[\s;])(?:function\s+)?(?<name>[\w-]+)\s*\(\s*\)\s*\{|\bfunction\s+[\w-]+\s*\{/g,
    giveUp: () => 'return 0;',
  },
}

const javaZeros: Readonly<Record<string, string>> = {
  boolean: 'false',
  char: "'\\0'",
  byte: '0',
  short: '0',
  int: '0',
  long: '0',
  float: '0',
  double: '0',
}

/** Types of a Go result list; commas in brackets part nothing. */
function splitResults(results: string): string[] {
  const inner = /^\(([\s\S]*)\)$/.exec(results.trim())?.[1] ?? results
  const types: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at <= inner.length; at++) {
    const character = inner[at]
    if (character !== undefined && '([{'.includes(character)) depth += 1
    else if (character !== undefined && ')]}'.includes(character)) depth -= 1
    if (at === inner.length || (character === ',' && depth === 0)) {
      types.push(inner.slice(start, at).trim())
      start = at + 1
    }
  }
  return types.filter((type) => type !== '')
}
