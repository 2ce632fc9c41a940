import { InputError } from '../core/index.ts'
import type { Limits } from './limits.ts'
import type { MemoryGroup } from './memory-group.ts'
import {
  decodeOutput,
  type Program,
  type RunResult,
  readOutcome,
  type ServerReport,
  signalName,
} from './result.ts'
import { type Worker, WorkerFault } from './worker.ts'
import type { WorkerPool } from './worker-pool.ts'

/** Runs a Python program on any free worker. */
export async function runProgram(
  pool: WorkerPool,
  program: Program,
  limits: Limits,
): Promise<RunResult> {
  const { source, stdin, files = {} } = program
  checkFileNames(files)
  return (await execute(pool, 'run', { source, stdin, files }, limits)).result
}

/** What a worker did for one request: the result, and the lines that a host's module reported. */
export interface Execution {
  result: RunResult
  lines: string[]
}

/** Has any free worker do something for one child. */
export async function execute(
  pool: WorkerPool,
  operation: string,
  body: unknown,
  limits: Limits,
): Promise<Execution> {
  let lines: string[] = []
  const result = await retryOnFault(pool, async (worker) => {
    worker.memory?.begin(limits.memoryBytes)
    const patienceMs = limits.wallMs + serverGraceMs
    const answer = await worker.request({ op: operation, limits }, patienceMs, body)
    const read = readResult(answer.head as ServerReport, answer.body, limits, worker.memory)
    lines = read.lines
    return read.result
  })
  return { result, lines: result.outcome === 'infra-error' ? [] : lines }
}

/**
 * Has any free worker do something. A fault of the sandbox is no verdict: it is tried anew, on
 * another worker where the first one died, and after `attempts` becomes `infra-error`.
 */
export async function retryOnFault(
  pool: WorkerPool,
  work: (worker: Worker) => Promise<RunResult>,
): Promise<RunResult> {
  for (let attempt = 1; ; attempt++) {
    const result = await attemptOn(pool, work)
    if (result.outcome !== 'infra-error' || attempt === attempts) return result
  }
}

/** How often something is tried at most when the sandbox itself fails. */
export const attempts = 3

async function attemptOn(
  pool: WorkerPool,
  work: (worker: Worker) => Promise<RunResult>,
): Promise<RunResult> {
  const worker = await pool.take('run')
  try {
    return await work(worker)
  } catch (error) {
    if (!(error instanceof WorkerFault)) throw error
    const kills = worker.memory?.read().kills ?? 0
    await worker.dispose()
    return failedResult(kills > 0 ? 'memory' : 'infra-error', error.message)
  } finally {
    pool.giveBack(worker)
  }
}

/** The result that a report and the streams in its body stand for. */
export function readResult(
  report: ServerReport,
  body: Buffer,
  limits: Limits,
  group: MemoryGroup | undefined,
): Execution {
  const streams = splitBody(body, report.lengths)
  const [stdout = '', stderr = '', lines = ''] = streams.map((stream) =>
    decodeOutput(stream, limits.outputBytes),
  )
  const truncated = streams.some((stream) => stream.length > limits.outputBytes)
  const memory = group?.read() ?? { peakBytes: 0, kills: 0 }
  const { outcome, limit } = readOutcome(report, limits, { stderr, truncated }, memory.kills)
  const result: RunResult = {
    outcome,
    step: 'run',
    exitCode: report.exitCode,
    signal: signalName(report.signal),
    stdout,
    stderr,
    truncated,
    limit,
    cpuMs: report.cpuMs,
    chargedMs: report.chargedMs,
    wallMs: report.wallMs,
    peakMemoryBytes: Math.max(memory.peakBytes, report.peakBytes),
    ...(outcome === 'infra-error' ? { fault: report.fault } : {}),
  }
  // A last line without its end was cut off.
  return { result, lines: lines.split('\n').slice(0, -1) }
}

function splitBody(body: Buffer, lengths: readonly number[]): Buffer[] {
  let start = 0
  return lengths.map((length) => {
    start += length
    return body.subarray(start - length, start)
  })
}

/** How long the server may be late beyond a program's wall limit before it counts as hung, ms. */
export const serverGraceMs = 20_000

function failedResult(outcome: 'memory' | 'infra-error', fault: string): RunResult {
  return {
    outcome,
    step: 'run',
    exitCode: null,
    signal: null,
    stdout: '',
    stderr: '',
    truncated: false,
    limit: outcome === 'memory' ? 'memoryBytes' : null,
    cpuMs: 0,
    chargedMs: 0,
    wallMs: 0,
    peakMemoryBytes: 0,
    ...(outcome === 'infra-error' ? { fault } : {}),
  }
}

/** @throws InputError `RC_BAD_FILE_NAME` for a path out of the working folder. */
export function checkFileNames(files: Record<string, string>): void {
  for (const name of Object.keys(files)) {
    const parts = name.split('/')
    if (
      name === '' ||
      name.includes('\0') ||
      parts.some((part) => ['', '.', '..'].includes(part))
    ) {
      throw new InputError(`a program's file needs a relative path, not ${JSON.stringify(name)}`, {
        code: 'RC_BAD_FILE_NAME',
      })
    }
  }
}
