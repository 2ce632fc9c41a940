import { InputError } from '../core/index.ts'
import type { Limits } from './limits.ts'
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

/** Runs on any free worker; a fault of the sandbox is tried once more on another. */
export async function runProgram(
  pool: WorkerPool,
  program: Program,
  limits: Limits,
): Promise<RunResult> {
  checkFileNames(program.files ?? {})
  const first = await attempt(pool, program, limits)
  return first.outcome === 'infra-error' ? attempt(pool, program, limits) : first
}

async function attempt(pool: WorkerPool, program: Program, limits: Limits): Promise<RunResult> {
  const worker = await pool.take('run')
  try {
    return await runOn(worker, program, limits)
  } catch (error) {
    if (!(error instanceof WorkerFault)) throw error
    const kills = worker.memory?.read().kills ?? 0
    await worker.dispose()
    return failedResult(kills > 0 ? 'memory' : 'infra-error', error.message)
  } finally {
    pool.giveBack(worker)
  }
}

async function runOn(worker: Worker, program: Program, limits: Limits): Promise<RunResult> {
  const { source, stdin, files } = program
  worker.memory?.begin(limits.memoryBytes)
  const answer = await worker.request(
    { op: 'run', source, stdin, files, limits },
    limits.wallMs + serverGraceMs,
  )
  const report = answer.head as ServerReport
  const out = answer.body.subarray(0, report.outBytes)
  const err = answer.body.subarray(report.outBytes)
  const stdout = decodeOutput(out, limits.outputBytes)
  const stderr = decodeOutput(err, limits.outputBytes)
  const truncated = out.length > limits.outputBytes || err.length > limits.outputBytes
  const memory = worker.memory?.read() ?? { peakBytes: report.peakBytes, kills: 0 }
  const outcome = readOutcome(report, limits, { stderr, truncated }, memory.kills)
  return {
    outcome,
    exitCode: report.exitCode,
    signal: signalName(report.signal),
    stdout,
    stderr,
    truncated,
    cpuMs: report.cpuMs,
    wallMs: report.wallMs,
    peakMemoryBytes: memory.peakBytes,
    ...(outcome === 'infra-error' ? { fault: report.fault } : {}),
  }
}

/** How long the server may be late beyond a program's wall limit before it counts as hung, ms. */
export const serverGraceMs = 20_000

function failedResult(outcome: 'memory' | 'infra-error', fault: string): RunResult {
  return {
    outcome,
    exitCode: null,
    signal: null,
    stdout: '',
    stderr: '',
    truncated: false,
    cpuMs: 0,
    wallMs: 0,
    peakMemoryBytes: 0,
    ...(outcome === 'infra-error' ? { fault } : {}),
  }
}

function checkFileNames(files: Record<string, string>): void {
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
