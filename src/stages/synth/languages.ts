import type { Language as SandboxLanguage } from '../../sandbox/index.ts'

/** Languages in which a teacher may be asked to write. */
export const languages = [
  'python',
  'javascript',
  'typescript',
  'cpp',
  'java',
  'go',
  'rust',
  'bash',
] as const

export type Language = (typeof languages)[number]

interface LanguageFacts {
  /** The name as prose has it. */
  readonly name: string
  /** Tags of fences that hold it; the first is written. */
  readonly tags: readonly string[]
  /** How a comment to the end of the line begins. */
  readonly comment: string
  /** How tests fail in it, as a teacher is told. */
  readonly failing: string
  /** Its name in the sandbox. */
  readonly sandbox: SandboxLanguage
}

const throwing = 'A test that fails throws `new Error(...)` with the value in its message.'

/** One entry a language. */
export const languageTable: Record<Language, LanguageFacts> = {
  python: {
    name: 'Python',
    tags: ['python', 'py', 'python3', 'ipython'],
    comment: '#',
    failing: 'A test is an `assert` statement whose message shows the value.',
    sandbox: 'python',
  },
  javascript: {
    name: 'JavaScript',
    tags: ['javascript', 'js', 'node', 'mjs'],
    comment: '//',
    failing: throwing,
    sandbox: 'js',
  },
  typescript: {
    name: 'TypeScript',
    tags: ['typescript', 'ts'],
    comment: '//',
    failing: throwing,
    sandbox: 'ts',
  },
  cpp: {
    name: 'C++',
    tags: ['cpp', 'c++', 'cc', 'cxx'],
    comment: '//',
    failing:
      'A test that fails writes the value to `std::cerr` and returns 1 from `main`; `#include` lines that only the tests need stand behind the line.',
    sandbox: 'cpp',
  },
  java: {
    name: 'Java',
    tags: ['java'],
    comment: '//',
    failing:
      'The tests are a `class Main` with `main`; one that fails throws `new AssertionError("got " + value)`, and names of other packages are written in full.',
    sandbox: 'java',
  },
  go: {
    name: 'Go',
    tags: ['go', 'golang'],
    comment: '//',
    failing:
      'Go refuses an import that is not used and one behind a declaration, so the tests use no package that the solution does not use itself: one that fails calls `panic(value)`, and `println` shows more.',
    sandbox: 'go',
  },
  rust: {
    name: 'Rust',
    tags: ['rust', 'rs'],
    comment: '//',
    failing: 'A test is an `assert_eq!` or `assert!` in `main`.',
    sandbox: 'rs',
  },
  bash: {
    name: 'Bash',
    tags: ['bash', 'sh', 'shell'],
    comment: '#',
    failing: 'A test that fails runs `echo "got $value" >&2; exit 1`.',
    sandbox: 'sh',
  },
}

/** Code in a fence of its language. */
export function fenceCode(code: string, language: Language): string {
  return `\`\`\`${languageTable[language].tags[0]}\n${code.trimEnd()}\n\`\`\``
}

/** The line that parts a program from its tests, where tests are no statements of their own. */
export function testsMarker(language: Language): string {
  return `${languageTable[language].comment} --- tests ---`
}

/** That line as teachers write it. */
export function testsMarkerPattern(language: Language): RegExp {
  return new RegExp(
    `^[ \\t]*${languageTable[language].comment}[ \\t]*-+[ \\t]*tests?[ \\t]*-+[ \\t]*$`,
    'im',
  )
}
