import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type Bubblewrap, bubblewrapArguments, serverFolder } from './bubblewrap.ts'
import { type Frame, readFrames, sendFrame } from './frames.ts'
import { createMemoryGroup, type MemoryGroup } from './memory-group.ts'
import type { PythonInstallation } from './python-installation.ts'
import { watchForStop } from './stopped-process.ts'

/** What a worker is made with; `bubblewrap` undefined means no isolation. */
export interface WorkerOptions {
  bubblewrap: Bubblewrap | undefined
  python: PythonInstallation
  /** Whether to limit memory by a cgroup where that can be done. */
  cgroups: boolean
  /** Files and folders that its programs may read besides the system, absolute. */
  readable?: readonly string[]
}

export interface Request {
  op: string
  [key: string]: unknown
}

/** A fork server in its own walls; answers one request at a time. */
export interface Worker {
  /** The tree's memory limit, where there is one. */
  readonly memory: MemoryGroup | undefined
  /** Whether the kernel tells waiting for a CPU from sleeping; if not, both are charged. */
  readonly countsWaits: boolean
  /**
   * Sends an operation with its limits; `body` is what only the confined child reads.
   *
   * @throws WorkerFault when the server dies, or does not answer within `timeoutMs`.
   */
  request(head: Request, timeoutMs: number, body?: unknown): Promise<Frame>
  readonly alive: boolean
  /** Kills the server and all it started. */
  dispose(): Promise<void>
}

/** The fork server failed; the program is not to blame. */
export class WorkerFault extends Error {}

const serverSource = fileURLToPath(new URL('./server', import.meta.url))
const launchFlags = ['-I', '-S', '-B']
/** Without `site`, whose part the server takes. */
const serverFlags = ['-S', '-B', '-X', 'utf8']

/** What a program finds in its environment. */
const programEnvironment = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LANG: 'C.UTF-8',
  PYTHONHASHSEED: '0',
  PYTHONDONTWRITEBYTECODE: '1',
}

export async function createWorker(options: WorkerOptions): Promise<Worker> {
  const { bubblewrap } = options
  const folder = bubblewrap
    ? undefined
    : await mkdtemp(join(tmpdir(), `reflectioncoder-${process.pid}-`))
  const memory = bubblewrap && options.cgroups ? createMemoryGroup() : undefined
  const server = startServer(options, memory)
  const channel = server.stdio[3] as Duplex
  const exited = new Promise<void>((resolve) => {
    server.once('exit', () => resolve())
    server.once('error', () => resolve())
  })
  let alive = true
  let errors = ''
  let waiting: { resolve: (frame: Frame) => void; reject: (error: Error) => void } | undefined
  const fail = (reason: string) => {
    alive = false
    waiting?.reject(new WorkerFault(errors === '' ? reason : `${reason}: ${errors.trim()}`))
    waiting = undefined
  }
  server.stderr?.on('data', (data: Buffer) => {
    errors = (errors + data.toString('utf8')).slice(-4000)
  })
  server.stderr?.on('error', () => {})
  channel.on('error', () => {})
  server.once('error', (error) => fail(String(error)))
  server.once('close', (code, signal) => fail(`the fork server ended (${signal ?? code})`))
  readFrames(channel, (frame) => {
    waiting?.resolve(frame)
    waiting = undefined
  })

  const receive = (timeoutMs: number) =>
    new Promise<Frame>((resolve, reject) => {
      const giveUp = (reason: string) => {
        server.kill('SIGKILL')
        fail(reason)
      }
      const timer = setTimeout(() => {
        giveUp(`the fork server did not answer within ${timeoutMs} ms`)
      }, timeoutMs)
      const unwatch = watchForStop(server.pid ?? 0, () => giveUp('the fork server was stopped'))
      const settle = () => {
        clearTimeout(timer)
        unwatch()
      }
      waiting = {
        resolve: (frame) => {
          settle()
          resolve(frame)
        },
        reject: (error) => {
          settle()
          reject(error)
        },
      }
      if (!alive) fail('the fork server is gone')
    })
  let countsWaits = false
  const worker: Worker = {
    memory,
    get countsWaits() {
      return countsWaits
    },
    get alive() {
      return alive
    },
    request(head, timeoutMs, body) {
      if (alive) sendFrame(channel, head, body)
      return receive(timeoutMs)
    },
    async dispose() {
      fail('the sandbox was disposed of')
      server.kill('SIGKILL')
      channel.destroy()
      await exited
      await memory?.remove()
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    },
  }
  try {
    const home = bubblewrap ? '/box' : '.'
    const environment = { ...programEnvironment, HOME: home, USER: 'user', LOGNAME: 'user' }
    const uid = bubblewrap?.privileged ? firstProgramUid + (server.pid ?? 0) : null
    sendFrame(channel, {
      walls: {
        namespaces: bubblewrap !== undefined,
        uid,
        folder,
        memoryGroup: memory !== undefined,
      },
      environment: bubblewrap ? { ...environment, TMPDIR: '/tmp' } : environment,
      site: options.python.site,
    })
    const ready = await receive(30_000)
    countsWaits = (ready.head as { countsWaits: boolean }).countsWaits
    return worker
  } catch (error) {
    await worker.dispose()
    throw error
  }
}

/** Programs of each worker get a user id that nobody else has, so that limits count only them. */
const firstProgramUid = 0x70000000

function startServer(options: WorkerOptions, memory: MemoryGroup | undefined): ChildProcess {
  const { bubblewrap, python } = options
  const file = (name: string) => join(bubblewrap ? serverFolder : serverSource, name)
  const start = [...launchFlags, file('launch.py'), ...serverFlags, file('server.py')]
  const command = [python.executable, ...start]
  if (bubblewrap) {
    const walls = bubblewrapArguments(bubblewrap, python, serverSource, options.readable)
    command.unshift(bubblewrap.path, ...walls, '--')
  }
  const [program = '', ...args] = memory ? memory.wrapCommand(command) : command
  return spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    // Symbols that are bound now are not looked up by every child again.
    env: { LANG: 'C.UTF-8', PYTHONHASHSEED: '0', LD_BIND_NOW: '1' },
    cwd: '/',
  })
}
