import type { Language } from '../languages.ts'

/**
 * The source with strings and comments blanked out, every character at its place: what is left can be
 * searched for operators and braces. Good enough for programs as people write them; what it gets
 * wrong yields a program that cannot be built.
 */
export function maskLiterals(source: string, language: Language): string {
  const pattern = literals[language] ?? slashes
  return source.replace(pattern, (literal) => literal.replace(/[^\n]/g, ' '))
}

const double = String.raw`"(?:\\[\s\S]|[^"\\\n])*"`
const single = String.raw`'(?:\\[\s\S]|[^'\\\n])*'`
const comment = String.raw`\/\/.*|\/\*[\s\S]*?\*\/`
const template = String.raw`\`(?:\\[\s\S]|[^\`\\])*\``
/** A regular expression stands where a value is expected. */
const regex = String.raw`(?<=(?:[=(,:;!&|?{}\[\n]|\breturn)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\/[a-z]*`

const anyOf = (...patterns: string[]) => new RegExp(patterns.join('|'), 'g')
const slashes = anyOf(comment, double, single)

const literals: Partial<Record<Language, RegExp>> = {
  javascript: anyOf(comment, double, single, template, regex),
  typescript: anyOf(comment, double, single, template, regex),
  cpp: anyOf(comment, String.raw`R"(\w*)\([\s\S]*?\)\1"`, double, single, '#.*'),
  java: anyOf(comment, String.raw`"""[\s\S]*?"""`, double, single),
  go: anyOf(comment, double, single, String.raw`\`[^\`]*\``),
  // A lifetime is no character, and attributes hold no code.
  rust: anyOf(
    comment,
    String.raw`r(#*)"[\s\S]*?"\1`,
    String.raw`"(?:\\[\s\S]|[^"\\])*"`,
    String.raw`'(?:\\[^'\n]*|[^'\\\n])'`,
    String.raw`#!?\[[^\]\n]*\]`,
  ),
  // `#` begins a comment behind a blank only; `$#` and `${#x}` are values.
  bash: anyOf(String.raw`(?<=^|[\s;])#.*`, String.raw`"(?:\\[\s\S]|[^"\\])*"`, "'[^']*'"),
}
