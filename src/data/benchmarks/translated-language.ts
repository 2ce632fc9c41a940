/** Languages of MultiPL-E that can be judged here. */
export const languagesOfRecords = [
  'cpp',
  'cs',
  'go',
  'java',
  'js',
  'lua',
  'php',
  'pl',
  'r',
  'rb',
  'rs',
  'sh',
  'ts',
] as const

/** A language of MultiPL-E as its records and files name it, without a variant such as `-bu`. */
export type TranslatedLanguage = (typeof languagesOfRecords)[number]

/** The language meant by the `language` of a record; `go_test.go` is Go. */
export function translatedLanguage(name: string): TranslatedLanguage | undefined {
  const short = name === 'go_test.go' ? 'go' : name.replace(/-bu$/, '')
  return languagesOfRecords.find((language) => language === short)
}
