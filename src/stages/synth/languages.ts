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
}

/** One line a language. */
export const languageTable: Record<Language, LanguageFacts> = {
  python: { name: 'Python', tags: ['python', 'py', 'python3', 'ipython'], comment: '#' },
  javascript: { name: 'JavaScript', tags: ['javascript', 'js', 'node', 'mjs'], comment: '//' },
  typescript: { name: 'TypeScript', tags: ['typescript', 'ts'], comment: '//' },
  cpp: { name: 'C++', tags: ['cpp', 'c++', 'cc', 'cxx'], comment: '//' },
  java: { name: 'Java', tags: ['java'], comment: '//' },
  go: { name: 'Go', tags: ['go', 'golang'], comment: '//' },
  rust: { name: 'Rust', tags: ['rust', 'rs'], comment: '//' },
  bash: { name: 'Bash', tags: ['bash', 'sh', 'shell'], comment: '#' },
}

/** Code in a fence of its language. */
export function fenceCode(code: string, language: Language): string {
  return `\`\`\`${languageTable[language].tags[0]}\n${code.trimEnd()}\n\`\`\``
}
