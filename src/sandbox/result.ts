import { constants } from 'node:os'
import type { CommandLanguage } from './languages/language-rules.ts'
import type { Limits } from './limits.ts'

/** What programs may be written in. */
export type Language = 'python' | CommandLanguage

/** A program to run alone in a fresh working folder. */
export interface Program {
  language: Language
  source: string
  /** Standard input; default empty. */
  stdin?: string
  /** Files put into the working folder beforehand, by relative path. */
  files?: Record<string, string>
  /** Java: the library is there for the compiler alone; default false. */
  libraryForCompilerOnly?: boolean
}

/**
 * What became of a program: `ok` ended with status 0; `error` with another status; `timeout` over
 * the CPU, charged or wall limit; `memory` over the memory limit; `output-limit` wrote too much;
 * `killed` by a signal that was not ours; `infra-error` the sandbox itself failed, and failed again
 * each time it was tried anew: says nothing about the program.
 */
export type Outcome =
  | 'ok'
  | 'error'
  | 'timeout'
  | 'memory'
  | 'output-limit'
  | 'killed'
  | 'infra-error'

export interface RunResult {
  outcome: Outcome
  /** What the result is of: a program that does not compile is not run. */
  step: 'compile' | 'run'
  /** How the compiler ended, where there was one and the program was run. */
  compile?: RunResult
  exitCode: number | null
  /** Name such as `SIGSEGV` of the signal that ended the main process. */
  signal: string | null
  stdout: string
  stderr: string
  /** Whether output was cut at `outputBytes`. */
  truncated: boolean
  /** The limit that ended the program, or that it was over at its end; null for none. */
  limit: keyof Limits | null
  /** CPU time of the whole tree, ms, about 2 ms of it for putting up the walls. */
  cpuMs: number
  /**
   * Time charged, ms: CPU time of the whole tree, and time in which nothing of it ran or wanted to
   * run (asleep, blocked); not time spent waiting for a CPU. Measured from outside the program.
   */
  chargedMs: number
  wallMs: number
  /** Largest process (interpreter included), or the whole tree above the idle server. */
  peakMemoryBytes: number
  /** What failed, with outcome `infra-error`. */
  fault?: string
}

/** What the fork server says about a program or cell. */
export interface ServerReport {
  cause:
    | 'exited'
    | 'answered'
    | 'cpu-timeout'
    | 'charged-timeout'
    | 'wall-timeout'
    | 'memory'
    | 'output-limit'
  fault: string
  exitCode: number | null
  signal: number | null
  cpuMs: number
  chargedMs: number
  wallMs: number
  peakBytes: number
  /** Bytes of stdout, stderr and, from a host, its lines, in the body. */
  lengths: number[]
  cell: { result: string | null; traceback: string | null } | null
}

/** Decides the outcome; `memoryKills` counts processes that the memory limit of the tree ended. */
export function readOutcome(
  report: ServerReport,
  limits: Limits,
  written: { stderr: string; truncated: boolean },
  memoryKills: number,
): { outcome: Outcome; limit: keyof Limits | null } {
  if (report.fault !== '') return { outcome: 'infra-error', limit: null }
  if (report.cause === 'output-limit' || written.truncated) {
    return { outcome: 'output-limit', limit: 'outputBytes' }
  }
  const time = timeLimit(report, limits)
  if (time !== undefined) return { outcome: 'timeout', limit: time }
  if (report.exitCode === 0 && report.cause !== 'memory') return { outcome: 'ok', limit: null }
  if (report.cause === 'memory' || memoryKills > 0 || endsInMemoryError(written.stderr)) {
    return { outcome: 'memory', limit: 'memoryBytes' }
  }
  return { outcome: report.signal === null ? 'error' : 'killed', limit: null }
}

/** The time limit that a program was over, whether it was stopped for it or had just ended. */
export function timeLimit(report: ServerReport, limits: Limits): keyof Limits | undefined {
  const stopped = stoppedFor[report.cause]
  if (stopped !== undefined) return stopped
  if (report.cpuMs > limits.cpuMs) return 'cpuMs'
  if (report.chargedMs > limits.chargedMs) return 'chargedMs'
  return report.signal === constants.signals.SIGXCPU ? 'cpuMs' : undefined
}

const stoppedFor: Partial<Record<ServerReport['cause'], keyof Limits>> = {
  'cpu-timeout': 'cpuMs',
  'charged-timeout': 'chargedMs',
  'wall-timeout': 'wallMs',
}

/** Whether a traceback's last line is an uncaught MemoryError. */
export function endsInMemoryError(traceback: string): boolean {
  return /(^|\n)MemoryError(: [^\n]*)?\n?$/.test(traceback)
}

/** Text of output bytes: UTF-8, U+FFFD for what is not, at most `limit` bytes of it. */
export function decodeOutput(bytes: Uint8Array, limit: number): string {
  const cut = bytes.length > limit
  // In a stream a character cut in two is left out.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, limit), {
    stream: cut,
  })
}

/** Name of a signal number, such as `SIGSEGV`. */
export function signalName(number: number | null): string | null {
  if (number === null) return null
  for (const [name, value] of Object.entries(constants.signals)) if (value === number) return name
  return `SIG${number}`
}
