/** Writes the tables of docs/sandbox.md: limits, languages, hostile programs. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defaultLimits, languageRules } from '../src/sandbox/index.ts'
import { judgedPrograms } from '../test/hostile/judged-programs.ts'
import { hostilePrograms } from '../test/hostile/programs/index.ts'

export const sandboxPagePath = fileURLToPath(new URL('../docs/sandbox.md', import.meta.url))

/** The page with its generated parts as they should be. */
export function sandboxPage(): string {
  let text = readFileSync(sandboxPagePath, 'utf8')
  for (const [name, content] of Object.entries({ limits, languages, hostile })) {
    const [begin, end] = [`<!-- ${name}: generated -->`, `<!-- ${name}: end -->`]
    const [start, stop] = [text.indexOf(begin), text.indexOf(end)]
    if (start < 0 || stop < start) throw new Error(`docs/sandbox.md has no part ${name}`)
    text = `${text.slice(0, start + begin.length)}\n\n${content()}\n\n${text.slice(stop)}`
  }
  return text
}

function limits(): string {
  const mebibytes = (bytes: number) => `${bytes / 2 ** 20} MiB`
  const rows: Record<keyof typeof defaultLimits, [value: string, meaning: string]> = {
    cpuMs: [`${defaultLimits.cpuMs} ms`, 'CPU time of all its processes together'],
    chargedMs: [`${defaultLimits.chargedMs} ms`, 'charged time, see above'],
    wallMs: [`${defaultLimits.wallMs} ms`, 'wall time, the backstop'],
    memoryBytes: [mebibytes(defaultLimits.memoryBytes), 'memory, see below'],
    processes: [`${defaultLimits.processes}`, 'processes and threads at one time'],
    openFiles: [`${defaultLimits.openFiles}`, 'open files of each process'],
    fileBytes: [mebibytes(defaultLimits.fileBytes), 'its largest file, and all its files together'],
    outputBytes: [mebibytes(defaultLimits.outputBytes), 'what is kept of each output stream'],
  }
  return table(
    ['limit', 'default', 'of'],
    Object.entries(rows).map(([name, row]) => [`\`${name}\``, ...row]),
  )
}

function languages(): string {
  const rows = Object.entries(languageRules).map(([name, rule]) => {
    const names = rule.tools.map(([first = '']) => first)
    const plan = rule.plan('', names, {
      classPath: 'JAR',
      isLibraryRunnable: true,
      typescriptMajor: 5,
    })
    const seconds = (ms: number | undefined) => (ms === undefined ? '' : ` (${ms / 1000} s)`)
    const compile = plan.compile
      ? `\`${plan.compile.join(' ')}\`${seconds(rule.compileLimits?.chargedMs)}`
      : ''
    return [
      `\`${name}\``,
      compile,
      `\`${plan.run.join(' ')}\`${seconds(rule.runLimits.chargedMs)}`,
      `${rule.packages}${rule.tests ? `; with tests: ${rule.tests.packages}` : ''}`,
    ]
  })
  return table(['language', 'compile', 'run', 'Debian packages'], rows)
}

function hostile(): string {
  const total = Object.values(hostilePrograms).reduce((sum, each) => sum + each.length, 0)
  const parts = Object.entries(hostilePrograms).map(([group, programs]) => {
    const rows = programs.map(({ title, must, outcome }) => [
      title,
      must,
      [outcome].flat().join(', '),
    ])
    return `**${group}**\n\n${table(['what it tries', 'what must come of it', 'outcome'], rows)}`
  })
  const judged = judgedPrograms.map(({ title, must, status }) => [
    title,
    must,
    [status].flat().join(', '),
  ])
  parts.push(
    `**Against the judge**\n\n${table(['what it tries', 'what must come of it', 'status'], judged)}`,
  )
  return `${total + judged.length} programs.\n\n${parts.join('\n\n')}`
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(sandboxPagePath, sandboxPage())
}
