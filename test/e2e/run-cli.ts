import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'

export const repository = resolve(import.meta.dirname, '../..')
const main = join(repository, 'dist/app/cli/main.js')

/** What a finished command line left. */
export interface CliRun {
  status: number | null
  stdout: string
  stderr: string
}

/** Runs the built command line; `env` is laid over a plain environment without colours. */
export async function runCli(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; launcher?: readonly string[] } = {},
): Promise<CliRun> {
  if (!existsSync(main)) throw new Error('dist is missing: npm run build')
  const [command = process.execPath, ...rest] = [
    ...(options.launcher ?? []),
    process.execPath,
    main,
    ...args,
  ]
  const child = spawn(command, rest, {
    cwd: options.cwd ?? repository,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '', ...options.env },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const status = await new Promise<number | null>((done, failed) => {
    child.on('close', done)
    child.on('error', failed)
  })
  return { status, stdout, stderr }
}

/** A folder that is removed when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'reflectioncoder-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
