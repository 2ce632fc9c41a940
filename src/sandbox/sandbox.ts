import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { InputError } from '../core/index.ts'
import { type Bubblewrap, findBubblewrap, isBelow, visiblePath } from './bubblewrap.ts'
import { type Host, type HostOptions, openHost } from './host.ts'
import { type CommandProgram, createLanguageRunner } from './languages/run-language.ts'
import { type Limits, resolveLimits } from './limits.ts'
import { probeSandbox } from './probe.ts'
import { findPython, type PythonInstallation } from './python-installation.ts'
import type { Language, Program, RunResult } from './result.ts'
import { runProgram } from './run-program.ts'
import { openSession, type Session } from './session.ts'
import { createWorker } from './worker.ts'
import { createWorkerPool, type WorkerPool } from './worker-pool.ts'

export interface SandboxOptions {
  /** `none` runs programs with limits but without walls, and has to be asked for. */
  isolation?: 'bubblewrap' | 'none'
  /** Whether to limit memory by cgroups where they can be written; default true. */
  cgroups?: boolean
  /** Programs that run at one time; default: the number of cores. */
  workers?: number
  /** The interpreter; default `python3`. */
  python?: string
  /** Files and folders that its programs may read besides the system; default none. */
  readable?: readonly string[]
  /** Class path of Java programs; default Debian's javatuples, which translated tests import. */
  classPath?: string
}

/** Runs programs that nobody trusts. */
export interface Sandbox {
  readonly isolation: 'bubblewrap' | 'none'
  /**
   * Whether the kernel holds the whole tree to the memory limit (cgroup) or each process; then the
   * tree is looked at now and then, and ended when it is over.
   */
  readonly memoryLimit: 'tree' | 'process'
  readonly pythonVersion: string
  /** What is weaker here than it could be, in words for a report; empty where nothing is. */
  readonly warnings: readonly string[]
  /**
   * Runs a program alone; calls beyond the number of workers wait their turn. Programs of other
   * languages than Python are compiled first where need be, and have limits of their own
   * (`languages/language-rules.ts`), which `limits` change.
   *
   * @throws MissingDependencyError `RC_LANGUAGE_MISSING` with the Debian packages of a compiler.
   */
  run(program: Program, limits?: Partial<Limits>): Promise<RunResult>
  /**
   * Checks that programs of a language can be run here, and with `tests` the libraries that the
   * tests of translated benchmarks import.
   *
   * @throws MissingDependencyError `RC_LANGUAGE_MISSING`.
   */
  requireLanguage(language: Language, needs?: { tests?: boolean }): Promise<void>
  /** Opens a stateful interpreter with a worker of its own. */
  session(limits?: Partial<Limits>): Promise<Session>
  /**
   * Opens warm servers that hold a trusted Python module and fork for each call of it. The first is
   * one of the sandbox's own, for good, where its programs may read what the module may.
   */
  host(options: HostOptions): Host
  /** Kills everything. */
  dispose(): Promise<void>
}

/** A sandbox whose walls are not known to hold yet. */
export interface StartingSandbox {
  readonly pythonVersion: string
  /** Like that of the sandbox: its servers may start, and its calls wait for `ready`. */
  host(options: HostOptions): Host
  /**
   * The sandbox, when canary programs have shown that its walls hold.
   *
   * @throws `RC_SANDBOX_LIMIT` when one does not.
   */
  readonly ready: Promise<Sandbox>
  /** Kills everything. */
  dispose(): Promise<void>
}

/**
 * Starts a sandbox and checks that its walls hold.
 *
 * @throws MissingDependencyError when bubblewrap or Python is missing; `RC_SANDBOX_LIMIT` when a wall
 * does not hold.
 */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const starting = await startSandbox(options)
  try {
    return await starting.ready
  } catch (error) {
    await starting.dispose()
    throw error
  }
}

/** Like `createSandbox`, for those who have something to do before the walls are checked. */
export async function startSandbox(options: SandboxOptions = {}): Promise<StartingSandbox> {
  const { isolation = 'bubblewrap', workers = availableParallelism() } = options
  const readable = (options.readable ?? []).map((path) => resolve(path))
  if (!Number.isInteger(workers) || workers < 1) {
    throw new InputError(`workers must be a whole number from 1, not ${workers}`, {
      code: 'RC_BAD_WORKERS',
    })
  }
  const finding = findPython(options.python)
  // Missing bubblewrap is told first.
  finding.catch(() => {})
  const bubblewrap: Bubblewrap | undefined =
    isolation === 'bubblewrap' ? await findBubblewrap() : undefined
  const python = await finding
  const worker = { bubblewrap, python, cgroups: options.cgroups ?? true }
  const owners: Owned[] = []
  const keep = <Each extends Owned>(owner: Each): Each => {
    owners.push(owner)
    return owner
  }
  const dispose = async () => {
    await Promise.all(owners.map((owner) => owner.dispose()))
  }
  const start = (paths: readonly string[]) => createWorker({ ...worker, readable: paths })
  const makePool = (paths: readonly string[]) => keep(createWorkerPool(() => start(paths), workers))
  const pool = makePool(readable)
  const factsFound = checkWalls(pool, isolation, python)
  // Whoever waits for them hears of it.
  factsFound.catch(() => {})
  const findFree = async (paths: readonly string[]) => {
    if (!paths.every((path) => readable.some((folder) => isBelow(path, folder)))) return undefined
    await factsFound
    return pool.handOver()
  }
  const host = (hostOptions: HostOptions) =>
    keep(openHost({ start, findFree }, hostOptions, workers, factsFound))
  const ready = factsFound.then((facts) => ({
    ...facts,
    pythonVersion: python.version,
    ...runnersOn(pool, makePool, isolation, options.classPath),
    host,
    dispose,
  }))
  ready.catch(() => {})
  return { pythonVersion: python.version, host, ready, dispose }
}

interface Owned {
  dispose(): Promise<void>
}

/** What is known of a sandbox when its first server has started and canaries have run. */
type Facts = Pick<Sandbox, 'isolation' | 'memoryLimit' | 'warnings'>

async function checkWalls(
  pool: WorkerPool,
  isolation: Sandbox['isolation'],
  python: PythonInstallation,
): Promise<Facts> {
  const first = await pool.take('run')
  const memoryLimit = first.memory ? 'tree' : 'process'
  const warnings = findWarnings(isolation, memoryLimit, first.countsWaits)
  pool.giveBack(first)
  const kind = `${isolation} ${memoryLimit} ${python.executable}`
  if (!safeKinds.has(kind)) {
    await probeSandbox({
      walls: isolation === 'bubblewrap',
      run: (source, limits) => runProgram(pool, { language: 'python', source }, limits),
    })
    safeKinds.add(kind)
  }
  return { isolation, memoryLimit, warnings }
}

/** Kinds of sandbox whose walls have been found to hold since this process started. */
const safeKinds = new Set<string>()

function findWarnings(
  isolation: Sandbox['isolation'],
  memoryLimit: Sandbox['memoryLimit'],
  countsWaits: boolean,
): string[] {
  const found: string[] = []
  if (isolation === 'none') {
    found.push('no isolation: programs ran with limits, but with access to files and network')
  }
  if (memoryLimit === 'process') {
    found.push(
      'memory was limited for each process, and for the whole tree only as looked at now and then ' +
        '(no writable cgroup)',
    )
  }
  if (!countsWaits) {
    found.push('time limits depend on load: this kernel has no /proc/self/schedstat')
  }
  return found
}

function runnersOn(
  pool: WorkerPool,
  makePool: (readable: readonly string[]) => WorkerPool,
  isolation: Sandbox['isolation'],
  classPath: string | undefined,
): Pick<Sandbox, 'run' | 'requireLanguage' | 'session'> {
  const pools = new Map([['', pool]])
  const poolFor = (readable: readonly string[]) => {
    const key = readable.join('\0')
    const found = pools.get(key) ?? makePool(readable)
    pools.set(key, found)
    return found
  }
  const languages = createLanguageRunner(
    poolFor,
    isolation === 'none' ? (path) => path : visiblePath,
    classPath,
  )
  return {
    run: async (program, limits) =>
      isPython(program)
        ? runProgram(pool, program, resolveLimits(limits))
        : languages.run(program as CommandProgram, limits),
    async requireLanguage(language, needs) {
      if (language !== 'python') await languages.require(language, needs)
    },
    session: async (limits) => openSession(pool, resolveLimits(limits)),
  }
}

function isPython(program: Program): boolean {
  return program.language === 'python'
}
