import { execFile } from 'node:child_process'
import { constants, readlinkSync } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { MissingDependencyError, ReflectionCoderError } from '../core/index.ts'
import { aptGet, type PythonInstallation } from './python-installation.ts'

/** How bubblewrap can be used here. */
export interface Bubblewrap {
  path: string
  /** Real root: needs no user namespace, and programs get a user id of their own. */
  privileged: boolean
}

/**
 * Finds bubblewrap and checks that it can make namespaces.
 *
 * @throws MissingDependencyError `RC_BUBBLEWRAP_MISSING`; `RC_NAMESPACES_FORBIDDEN`.
 */
export async function findBubblewrap(searchPath = process.env.PATH ?? ''): Promise<Bubblewrap> {
  const path = await findExecutable('bwrap', searchPath)
  if (path === undefined) {
    throw new MissingDependencyError('bubblewrap (bwrap) is needed to run programs safely', {
      code: 'RC_BUBBLEWRAP_MISSING',
      hint: `Install it: ${aptGet('bubblewrap')}`,
    })
  }
  const bubblewrap = { path, privileged: await isRealRoot() }
  const trial = [...namespaceArguments(bubblewrap), '--ro-bind', '/', '/', 'true']
  await promisify(execFile)(path, trial, { timeout: 20_000 }).catch((cause: Error) => {
    throw new ReflectionCoderError(`bubblewrap cannot make its namespaces: ${cause.message}`, {
      code: 'RC_NAMESPACES_FORBIDDEN',
      hint:
        'Allow user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, ' +
        'kernel.apparmor_restrict_unprivileged_userns), or in a container its privileges.',
      cause,
    })
  })
  return bubblewrap
}

/**
 * Arguments that start a worker's fork server: all of the system it sees, all namespaces. Every
 * program gets a copy of each mount, so there are few.
 *
 * @param server folder of the fork server's own files, seen at `serverFolder`
 */
export function bubblewrapArguments(
  bubblewrap: Bubblewrap,
  python: PythonInstallation,
  server: string,
  readable: readonly string[] = [],
): string[] {
  return [
    ...namespaceArguments(bubblewrap),
    ...['--die-with-parent', '--new-session', '--as-pid-1', '--hostname', 'sandbox'],
    ...['--ro-bind', '/usr', '/usr'],
    ...['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].flatMap(systemFolder),
    ...['--dir', '/etc', ...visibleSettings.flatMap(readOnly)],
    ...['--proc', '/proc', '--tmpfs', '/dev'],
    ...devices.flatMap((name) => ['--dev-bind-try', `/dev/${name}`, `/dev/${name}`]),
    ...Object.entries(deviceLinks).flatMap(([name, to]) => ['--symlink', to, `/dev/${name}`]),
    ...[
      '--dir',
      '/dev/shm',
      '--dir',
      '/box',
      '--dir',
      '/tmp',
      '--dir',
      '/run',
      '--dir',
      serverFolder,
    ],
    ...outermost(['/usr', ...python.folders])
      .slice(1)
      .flatMap(readOnlyWithParents),
    ...['--ro-bind', server, serverFolder],
    ...readable.flatMap(readOnlyWithParents),
    ...readable.filter(isCovered).flatMap((path) => readOnlyAt(path, visiblePath(path))),
    ...['--remount-ro', '/dev', '--remount-ro', '/', '--chdir', '/'],
  ]
}

/** Where the fork server's own files stand inside. */
export const serverFolder = '/run/reflectioncoder'

/** Where programs see a readable folder, whose own place a private one may cover. */
export function visiblePath(path: string): string {
  return isCovered(path) ? join('/run/readable', path) : path
}

function isCovered(path: string): boolean {
  return ['/tmp', '/box', '/dev', '/proc'].some((folder) => isBelow(path, folder))
}

const visibleSettings = [
  '/etc/alternatives',
  // What compilers and interpreters read beside /usr.
  '/etc/java-11-openjdk',
  '/etc/java-17-openjdk',
  '/etc/java-21-openjdk',
  '/etc/mono',
  '/etc/perl',
  '/etc/php',
  '/etc/R',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/localtime',
  '/etc/mime.types',
]
const devices = ['null', 'zero', 'full', 'random', 'urandom']
const deviceLinks = {
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
}

function namespaceArguments({ privileged }: Bubblewrap): string[] {
  // What the server needs to give each program its own namespaces, user and limits; none of it is
  // left when a program begins.
  const kept = privileged
    ? ['SYS_ADMIN', 'SYS_CHROOT', 'SETUID', 'SETGID', 'KILL', 'SYS_RESOURCE']
    : ['SYS_ADMIN', 'SYS_CHROOT']
  return [
    ...(privileged ? [] : ['--unshare-user']),
    ...['--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup-try'],
    ...['--cap-drop', 'ALL', ...kept.flatMap((name) => ['--cap-add', `CAP_${name}`])],
  ]
}

/** As the link into /usr that it is on most systems. */
function systemFolder(path: string): string[] {
  const target = linkTarget(path)
  return target?.startsWith('usr/') ? ['--symlink', target, path] : readOnly(path)
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** Those that lie in no other. */
function outermost(folders: readonly string[]): string[] {
  const distinct = [...new Set(folders)]
  return distinct.filter((folder) =>
    distinct.every((other) => other === folder || !isBelow(folder, other)),
  )
}

function readOnly(path: string): string[] {
  return ['--ro-bind-try', path, path]
}

function readOnlyWithParents(path: string): string[] {
  return readOnlyAt(path, path)
}

/** Folders that bubblewrap makes on its own way to a place may be closed to other users. */
function readOnlyAt(path: string, place: string): string[] {
  const parents: string[] = []
  for (let parent = dirname(place); parent !== '/'; parent = dirname(parent)) {
    parents.unshift(parent)
  }
  return [...parents.flatMap((parent) => ['--dir', parent]), '--ro-bind-try', path, place]
}

/** Whether a path is a folder or in it. */
export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

async function findExecutable(name: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(delimiter).filter((entry) => entry !== '')) {
    const path = join(folder, name)
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path
  }
  return undefined
}

/** Root of a container may lack CAP_SYS_ADMIN (bit 21, capabilities(7)). */
async function isRealRoot(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '')
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'
  return ((BigInt(`0x${effective}`) >> 21n) & 1n) === 1n
}
