import type { TranslatedLanguage, TranslatedProblem } from '../../data/benchmarks/index.ts'

/**
 * How completions of MultiPL-E are cut: `first` before the first of any stop token, as the
 * bigcode-evaluation-harness does; `last` before the last of each stop text of ReflectionCoder's
 * own script; `none` not at all.
 */
export const cuttings = ['first', 'last', 'none'] as const
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
