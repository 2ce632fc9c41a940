import { availableParallelism } from 'node:os'
import { InputError } from '../core/index.ts'
import { type Bubblewrap, findBubblewrap, visiblePath } from './bubblewrap.ts'
import { type Host, type HostOptions, openHost } from './host.ts'
import { type CommandProgram, createLanguageRunner } from './languages/run-language.ts'
import { type Limits, resolveLimits } from './limits.ts'
import { probeSandbox } from './probe.ts'
import { findPython } from './python-installation.ts'
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
  /** Opens warm servers that hold a trusted Python module and fork for each call of it. */
  host(options: HostOptions): Host
  /** Kills everything. */
  dispose(): Promise<void>
}

/**
 * Starts the fork servers and checks that their walls hold.
 *
 * @throws MissingDependencyError when bubblewrap or Python is missing.
 */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { isolation = 'bubblewrap', workers = availableParallelism() } = options
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
  const pool = createWorkerPool(() => createWorker(worker), workers)
  try {
    const first = await pool.take('run')
    const memoryLimit = first.memory ? 'tree' : 'process'
    const warnings = findWarnings(isolation, memoryLimit, first.countsWaits)
    pool.giveBack(first)
    const kind = `${isolation} ${memoryLimit} ${python.executable}`
    if (!probed.has(kind)) {
      await probeSandbox({
        walls: bubblewrap !== undefined,
        run: (source, limits) => runProgram(pool, { language: 'python', source }, limits),
      })
      probed.add(kind)
    }
    const facts = { isolation, memoryLimit, pythonVersion: python.version, warnings } as const
    const makePool = (readable: readonly string[]) =>
      createWorkerPool(() => createWorker({ ...worker, readable }), workers)
    const open = (host: HostOptions) => openHost(worker, host, workers)
    return sandboxOn(pool, facts, { open, makePool, classPath: options.classPath })
  } catch (error) {
    await pool.dispose()
    throw error
  }
}

/** What has been found to hold, by kind of sandbox, since this process started. */
const probed = new Set<string>()

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

interface Makers {
  open(options: HostOptions): Host
  /** A pool of workers that see these folders too. */
  makePool(readable: readonly string[]): WorkerPool
  classPath: string | undefined
}

function sandboxOn(
  pool: WorkerPool,
  facts: Pick<Sandbox, 'isolation' | 'memoryLimit' | 'pythonVersion' | 'warnings'>,
  { open, makePool, classPath }: Makers,
): Sandbox {
  const hosts: Host[] = []
  const pools = new Map([['', pool]])
  const poolFor = (readable: readonly string[]) => {
    const key = readable.join('\0')
    const found = pools.get(key) ?? makePool(readable)
    pools.set(key, found)
    return found
  }
  const languages = createLanguageRunner(
    poolFor,
    facts.isolation === 'none' ? (path) => path : visiblePath,
    classPath,
  )
  return {
    ...facts,
    run: async (program, limits) =>
      isPython(program)
        ? runProgram(pool, program, resolveLimits(limits))
        : languages.run(program as CommandProgram, limits),
    async requireLanguage(language, needs) {
      if (language !== 'python') await languages.require(language, needs)
    },
    session: async (limits) => openSession(pool, resolveLimits(limits)),
    host(options) {
      const host = open(options)
      hosts.push(host)
      return host
    },
    async dispose() {
      await Promise.all([...pools.values(), ...hosts].map((owner) => owner.dispose()))
    },
  }
}

function isPython(program: Program): boolean {
  return program.language === 'python'
}
