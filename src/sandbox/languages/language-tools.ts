import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, readFile, realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { MissingDependencyError } from '../../core/index.ts'
import { aptGet } from '../python-installation.ts'
import { type CommandLanguage, languageRules } from './language-rules.ts'

/** The tools of a language as found on this machine. */
export interface LanguageTools {
  /** In the order of the rule. */
  paths: string[]
  /** Folders outside the system that they need to be read. */
  readable: string[]
  typescriptMajor: number
}

/**
 * Finds the tools of a language: those of the system first, whose files every program sees anyway.
 *
 * @throws MissingDependencyError `RC_LANGUAGE_MISSING`, with the Debian packages.
 */
export async function findLanguageTools(
  language: CommandLanguage,
  searchPath = process.env.PATH ?? '',
): Promise<LanguageTools> {
  const { tools, packages } = languageRules[language]
  const paths: string[] = []
  const readable = new Set<string>()
  for (const names of tools) {
    const found = await findTool(names, searchPath)
    if (found === undefined) throw missingLanguage(language, names[0] ?? '', packages)
    paths.push(found.path)
    for (const folder of found.readable) readable.add(folder)
  }
  const typescriptMajor = language === 'ts' ? await majorOfTypescript(paths[0] ?? '') : 0
  return { paths, readable: [...readable], typescriptMajor }
}

/** What to say when programs of a language cannot be run here. */
export function missingLanguage(
  language: CommandLanguage,
  what: string,
  packages: string,
): MissingDependencyError {
  return new MissingDependencyError(`${what} is needed to run ${language} programs`, {
    code: 'RC_LANGUAGE_MISSING',
    hint: `Install it: ${aptGet(packages)}`,
  })
}

interface Tool {
  path: string
  readable: string[]
}

const systemFolders = ['/usr/local/bin', '/usr/bin', '/bin']

async function findTool(names: readonly string[], searchPath: string): Promise<Tool | undefined> {
  const others = searchPath.split(delimiter).filter((folder) => folder.startsWith('/'))
  const searched = searchPath === '' ? [] : [...systemFolders, ...others]
  for (const name of names) {
    for (const folder of searched) {
      const path = join(folder, name)
      if (!(await isExecutable(path))) continue
      const real = await realpath(path)
      if (real.startsWith('/usr/') || real.startsWith('/bin/')) {
        // A compiler such as tsc finds its own files beside the real one.
        return { path: name === 'tsc' ? real : path, readable: [] }
      }
      return installedApart(name, path, real)
    }
  }
  return searchPath !== '' && names[0] === 'tsc' ? ownTypescript() : undefined
}

/** A tool outside the system's folders, with what it needs to be seen. */
async function installedApart(name: string, path: string, real: string): Promise<Tool | undefined> {
  if (name === 'rustc') {
    // It may be a version manager's launcher, which would need its settings.
    const { stdout } = await promisify(execFile)(path, ['--print', 'sysroot']).catch(() => ({
      stdout: '',
    }))
    const root = stdout.trim()
    return root === '' ? undefined : { path: join(root, 'bin/rustc'), readable: [root] }
  }
  const root = dirname(dirname(real))
  // The native compiler stands in a package beside, of the same scope.
  if (name === 'tsc') return { path: real, readable: [root, join(dirname(root), '@typescript')] }
  return { path: real, readable: [root] }
}

/** The npm package, where it is installed beside this one. */
async function ownTypescript(): Promise<Tool | undefined> {
  try {
    const file = createRequire(import.meta.url).resolve('typescript/package.json')
    const path = await realpath(join(dirname(file), 'bin/tsc'))
    return await installedApart('tsc', path, path)
  } catch {
    return undefined
  }
}

async function majorOfTypescript(compiler: string): Promise<number> {
  const file = join(dirname(dirname(compiler)), 'package.json')
  const text = await readFile(file, 'utf8').catch(() => '{}')
  return Number.parseInt((JSON.parse(text) as { version?: string }).version ?? '5', 10)
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
