import type { TranslatedLanguage, TranslatedProblem } from '../../data/benchmarks/index.ts'

/**
 * How completions of MultiPL-E are cut: `first` before the first of any stop token, as the
 * bigcode-evaluation-harness does; `last` before the last of each stop text of ReflectionCoder's
 * own script; `fenced` what the first fenced block holds, as DeepSeek's script for instructed models
 * does; `none` not at all.
 */
export const cuttings = ['first', 'last', 'fenced', 'none'] as const
export type Cutting = (typeof cuttings)[number]

/** The function that a completion makes of its prompt, ready for the tests to follow. */
export function cutCompletion(
  { prompt, stopTokens }: TranslatedProblem,
  completion: string,
  language: TranslatedLanguage,
  cutting: Cutting,
): string {
  if (cutting === 'none') return prompt + completion
  if (cutting === 'first') return prompt + cutAtFirst(completion, stopTokens)
  if (cutting === 'fenced') return takeFenced(prompt, completion, language)
  const closing = closingBrace.has(language) ? '\n}' : ''
  return prompt + cutAtLast(completion, stopsOf(language, stopTokens)) + closing
}

function cutAtFirst(text: string, stops: readonly string[]): string {
  const places = stops.map((stop) => text.indexOf(stop)).filter((place) => place >= 0)
  return places.length === 0 ? text : text.slice(0, Math.min(...places))
}

function cutAtLast(text: string, stops: readonly string[]): string {
  return stops.reduce((left, stop) => {
    const place = left.lastIndexOf(stop)
    return place < 0 ? left : left.slice(0, place)
  }, text)
}

/** ReflectionCoder's stop texts of a language, then those of the task. */
function stopsOf(language: TranslatedLanguage, stopTokens: readonly string[]): readonly string[] {
  const extra = extraStops[language] ?? []
  return language === 'php' || language === 'js' ? extra : [...extra, ...stopTokens]
}

const extraStops: Partial<Record<TranslatedLanguage, readonly string[]>> = {
  cpp: ['\nint main'],
  js: ['\n}'],
  php: ['\n}'],
  ts: ['\n}'],
  rs: ['\nfn main()'],
}

/** Languages whose stop text is the brace that the tests do not bring back. */
const closingBrace = new Set<TranslatedLanguage>(['js', 'php', 'ts'])

/** The function in the first fenced block of the language, after the prompt's other lines. */
function takeFenced(prompt: string, completion: string, language: TranslatedLanguage): string {
  const names = (fenceNames[language] ?? [language]).join('|')
  const fence = new RegExp(`\`\`\`(?:${names})\\n(.*?)\`\`\``, 'is')
  const block = fence.exec(completion)?.[1]
  if (block === undefined) return `${prompt}\n${completion}`
  const main = mains[language]
  const code =
    main !== undefined && block.includes(main) ? block.slice(0, block.indexOf(main)) : block
  const lines = prompt.split('\n').filter((line) => line.trim() !== '')
  const head = lines.at(-1)?.split('{')[0]?.trim() ?? ''
  const place = code.toLowerCase().indexOf(head.toLowerCase())
  const start = Math.max(0, place)
  const indent = / *$/.exec(code.slice(0, start))?.[0] ?? ''
  const end = code.lastIndexOf(`\n${indent}}`)
  const body = end < start ? code.slice(start) : code.slice(start, end)
  const closing = closingBrace.has(language) ? '\n}' : ''
  return `${lines.slice(0, -1).join('\n')}\n${body}${closing}\n`
}

/** What fences call a language whose name in the benchmark is short. */
const fenceNames: Partial<Record<TranslatedLanguage, readonly string[]>> = {
  cpp: ['cpp', 'c\\+\\+'],
  cs: ['csharp', 'c#', 'cs'],
  js: ['javascript', 'js'],
  ts: ['typescript', 'ts'],
  sh: ['bash', 'sh'],
  rs: ['rust', 'rs'],
  rb: ['ruby', 'rb'],
  pl: ['perl', 'pl'],
  go: ['go', 'golang'],
}

/** Where the program proper of a language begins, which the tests bring themselves. */
const mains: Partial<Record<TranslatedLanguage, string>> = {
  cpp: 'int main()',
  java: 'public static void main',
  cs: 'public static void Main',
}
