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
  /** Its name in the sandbox. */
  readonly sandbox: SandboxLanguage
}

/** One line a language. */
export const languageTable: Record<Language, LanguageFacts> = {
  python: {
    name: 'Python',
    tags: ['python', 'py', 'python3', 'ipython'],
    comment: '#',
    sandbox: 'python',
  },
  javascript: {
    name: 'JavaScript',
    tags: ['javascript', 'js', 'node', 'mjs'],
    comment: '//',
    sandbox: 'js',
  },
  typescript: { name: 'TypeScript', tags: ['typescript', 'ts'], comment: '//', sandbox: 'ts' },
  cpp: { name: 'C++', tags: ['cpp', 'c++', 'cc', 'cxx'], comment: '//', sandbox: 'cpp' },
  java: { name: 'Java', tags: ['java'], comment: '//', sandbox: 'java' },
  go: { name: 'Go', tags: ['go', 'golang'], comment: '//', sandbox: 'go' },
  rust: { name: 'Rust', tags: ['rust', 'rs'], comment: '//', sandbox: 'rs' },
  bash: { name: 'Bash', tags: ['bash', 'sh', 'shell'], comment: '#', sandbox: 'sh' },
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
