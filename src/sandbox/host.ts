import { resolve } from 'node:path'
import { type Limits, resolveLimits } from './limits.ts'
import type { Program, RunResult } from './result.ts'
import { execute, runProgram } from './run-program.ts'
import type { Worker } from './worker.ts'
import { createWorkerPool } from './worker-pool.ts'

export interface HostOptions {
  /**
   * A trusted Python file with `load(setup)`, called once in each worker, and
   * `handle(state, payload, report)`, called in a confined fork for each request; `report(value)`
   * sends a value out as one line of JSON, and raises for numbers that JSON does not have.
   *
   * A module that judges code nobody trusts also has `candidate(state, channel)`. Then `handle` gets
   * a fourth argument: `candidates.start(**limits)` forks another child of the server, in walls of
   * its own, that runs `candidate` and shares nothing with `handle` but a socket; it returns an
   * object with that socket's other end, `channel` (at its end once the candidate has ended, by
   * itself or at a limit), and `end()`, which kills the candidate and returns how it ended and what
   * it used. One candidate at a time. Candidates inherit what `load` made, so no secret belongs
   * there; they see neither `payload` nor anything that `handle` holds, and cannot signal, stop or
   * trace it. Their standard streams are `/dev/null`. `limits` are those of the call by default.
   *
   * `chargedMs` of the limits counts everything that the fork does, measured outside it. For limits
   * of parts of it the module may `import charged_time`: `charged_time.Clock().now()`, made after
   * the fork, gives seconds of the same kind (of one thread).
   */
  module: string
  /** JSON value for `load`. */
  setup?: unknown
  /** Files and folders that `load` reads; the forks can read them too. */
  readable?: readonly string[]
  /** Workers; default: as many as the sandbox has. */
  workers?: number
}

/** What a call came to: as of a program, with the lines that were reported. */
export interface HostResult extends RunResult {
  /** JSON texts as Python wrote them, so that no number passes through JavaScript's unasked. */
  lines: string[]
}

/** Warm Python servers that hold a loaded module and fork for each call. */
export interface Host {
  call(payload: unknown, limits?: Partial<Limits>): Promise<HostResult>
  /** Runs a Python program alone, forked from a server that holds the module. */
  run(program: Program, limits?: Partial<Limits>): Promise<RunResult>
  /** Starts so many workers now, rather than with the first calls. */
  start(workers: number): void
  dispose(): Promise<void>
}

/** Where a host gets its servers from. */
export interface ServerSource {
  /** Starts a server that may read these files and folders. */
  start(readable: readonly string[]): Promise<Worker>
  /** One that has started already, may read them and is free; waits for it where there may be one. */
  findFree(readable: readonly string[]): Promise<Worker | undefined>
}

/** Opens a host, whose calls wait for `ready`; its workers start with the first of them. */
export function openHost(
  servers: ServerSource,
  options: HostOptions,
  workers: number,
  ready: Promise<unknown>,
): Host {
  const path = resolve(options.module)
  const readable = [path, ...(options.readable ?? []).map((place) => resolve(place))]
  let mayTakeOver = true
  const obtain = async () => {
    const isFirst = mayTakeOver
    mayTakeOver = false
    return (isFirst && (await servers.findFree(readable))) || servers.start(readable)
  }
  const create = async () => {
    const created = await obtain()
    try {
      await created.request({ op: 'load', path }, loadTimeoutMs, options.setup ?? null)
      return created
    } catch (error) {
      await created.dispose()
      throw error
    }
  }
  const pool = createWorkerPool(create, options.workers ?? workers)
  return {
    start: pool.start,
    async call(payload, limits) {
      await ready
      const { result, lines } = await execute(pool, 'call', payload, resolveLimits(limits))
      return { ...result, lines }
    },
    async run(program, limits) {
      await ready
      return runProgram(pool, program, resolveLimits(limits))
    },
    dispose: () => pool.dispose(),
  }
}

/** Loading may compute much: references, expected values. */
const loadTimeoutMs = 600_000
