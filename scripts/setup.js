// Brings in what the commands of package.json need, and does nothing twice.
// Runs before `npm ci`, so it uses Node alone.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

const missingDependency = 3

/** Installs the npm packages when the lockfile has changed since the last time; `npm ci` builds too. */
export function ensurePackages() {
  const installed = join(root, 'node_modules/.package-lock.json')
  const stamp = join(root, 'node_modules/.reflectioncoder-lock')
  const wanted = hashOf(join(root, 'package-lock.json'))
  if (existsSync(installed) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  if (existsSync(installed) && !existsSync(stamp) && isComplete()) {
    writeFileSync(stamp, wanted)
    return
  }
  note('Installing npm packages (npm ci)')
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' }
  if (!succeeds('npm', ['ci', '--no-audit', '--no-fund'], { env })) {
    fail('the npm packages could not be installed', 'npm ci', 1)
  }
  writeFileSync(stamp, wanted)
}

/** Builds dist when a source file is newer than the last build. */
export function ensureBuild() {
  const built = join(root, 'dist/app/cli/main.js')
  if (existsSync(built) && newestChange(join(root, 'src')) <= statSync(built).mtimeMs) return
  note('Building dist (npm run build)')
  if (!succeeds('npm', ['run', '--silent', 'build'])) fail('the build failed', 'npm run build', 1)
}

/** Installs bubblewrap through apt-get where that is allowed; exit status 3 otherwise. */
export function ensureBubblewrap() {
  if (isThere('bwrap', ['--version'])) return
  ensureDebianPackages('bubblewrap', () => isThere('bwrap', ['--version']))
}

/** The Redis server that the tests of the queue start for themselves. */
export function ensureRedis() {
  if (isThere('redis-server', ['--version'])) return
  ensureDebianPackages('redis-server', () => isThere('redis-server', ['--version']))
}

/** Python, for the programs that the sandbox runs. */
export function ensurePython() {
  if (isThere('python3', ['--version'])) return
  ensureDebianPackages('python3', () => isThere('python3', ['--version']))
}

/** PyTorch and its companions in .venv, at the versions of the parity tests. */
export function ensureTorch() {
  const requirements = join(root, 'test/parity/requirements.txt')
  const stamp = join(root, '.venv/.reflectioncoder-requirements')
  const wanted = hashOf(requirements)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  const python = join(root, '.venv/bin/python')
  note('Installing PyTorch for the parity tests into .venv')
  if (!isThere(python, ['-m', 'pip', '--version'])) {
    const create = () => succeeds('python3', ['-m', 'venv', '--clear', '.venv'])
    if (!create()) ensureDebianPackages('python3-venv', create)
  }
  const torch = /^torch==\S+$/m.exec(readFileSync(requirements, 'utf8'))?.[0]
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  // torch goes first and alone: resolved with the rest, pip may pick another build of it.
  for (const what of [[torch], ['-r', requirements]]) {
    if (!succeeds(python, [...pip, ...what])) {
      fail('PyTorch could not be installed', `${python} -m pip install ${what.join(' ')}`)
    }
  }
  writeFileSync(stamp, wanted)
}

/** Runs a command in the repository with its output shown. */
export function succeeds(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options }).status === 0
}

function ensureDebianPackages(name, isReady) {
  const install = `apt-get install -y --no-install-recommends ${name}`
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const typed = `${process.getuid?.() === 0 ? '' : 'sudo '}apt-get update && ${
    process.getuid?.() === 0 ? '' : 'sudo '
  }${install}`
  if (!isThere('apt-get', ['--version']) || (sudo.length > 0 && !isThere('sudo', ['-n', 'true']))) {
    fail(`${name} is missing`, typed)
  }
  note(`Installing ${name} (${install})`)
  const apt = (...args) => {
    const [command, ...rest] = [
      ...sudo,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      ...args,
    ]
    return succeeds(command, rest, { stdio: ['ignore', 2, 2] })
  }
  const once = () => apt('install', '-y', '-qq', '--no-install-recommends', name)
  if (!once()) {
    apt('update', '-qq')
    once()
  }
  if (!isReady()) fail(`${name} could not be installed`, typed)
}

function isThere(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** Whether the packages that npm recorded are those of the lockfile. */
function isComplete() {
  const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages
  const installed = read('node_modules/.package-lock.json')
  return Object.entries(read('package-lock.json')).every(
    ([path, { version, optional }]) =>
      path === '' || optional || installed[path]?.version === version,
  )
}

function newestChange(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .reduce((newest, entry) => {
      return Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs)
    }, 0)
}

function hashOf(path) {
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

function note(text) {
  process.stderr.write(`${text}\n`)
}

function fail(what, command, status = missingDependency) {
  process.stderr.write(`error: ${what}\nhint: ${command}\n`)
  process.exit(status)
}
