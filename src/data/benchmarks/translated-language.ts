/** A language of MultiPL-E as its records and files name it, without a variant such as `-bu`. */
export type TranslatedLanguage =
  | 'cpp'
  | 'cs'
  | 'd'
  | 'go'
  | 'java'
  | 'js'
  | 'lua'
  | 'php'
  | 'pl'
  | 'r'
  | 'rb'
  | 'rkt'
  | 'rs'
  | 'scala'
  | 'sh'
  | 'ts'

const known = new Set<string>('cpp cs d go java js lua php pl r rb rkt rs scala sh ts'.split(' '))

/** The language meant by the `language` of a record; `go_test.go` is Go. */
export function translatedLanguage(name: string): TranslatedLanguage | undefined {
  const short = name === 'go_test.go' ? 'go' : name.replace(/-bu$/, '')
  return known.has(short) ? (short as TranslatedLanguage) : undefined
}
