/** The file that a Java source must stand in, and the class whose `main` is to be run. */
export function javaNames(source: string): { file: string; mainClass: string } {
  const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ' ')
  const publicClass = /\bpublic\s+(?:(?:final|abstract)\s+)*(?:class|record|enum|interface)\s+(\w+)/
  const named = publicClass.exec(topLevel(code))?.[1]
  const before = code.slice(0, Math.max(0, code.search(/\bstatic\s+void\s+main\s*\(/)))
  const classes = [...topLevel(before).matchAll(/\b(?:class|record|enum|interface)\s+(\w+)/g)]
  const mainClass = classes.at(-1)?.[1] ?? named ?? 'Problem'
  return { file: `${named ?? mainClass}.java`, mainClass }
}

/** The text outside of all braces; strings with braces in them are rare enough in class heads. */
function topLevel(code: string): string {
  let depth = 0
  let text = ''
  for (const character of code) {
    if (character === '{') depth += 1
    if (depth === 0) text += character
    if (character === '}') depth = Math.max(0, depth - 1)
  }
  return text
}
