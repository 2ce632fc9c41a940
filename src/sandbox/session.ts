import { ReflectionCoderError } from '../core/index.ts'
import { type Limits, resolveLimits } from './limits.ts'
import {
  decodeOutput,
  endsInMemoryError,
  type Outcome,
  readOutcome,
  type ServerReport,
  timeLimit,
} from './result.ts'
import { attempts, serverGraceMs } from './run-program.ts'
import { createAddressRenaming } from './stable-addresses.ts'
import { type Worker, WorkerFault } from './worker.ts'
import type { WorkerPool } from './worker-pool.ts'

/** A stateful Python interpreter, used cell by cell. */
export interface Session {
  /**
   * Runs one cell; `limits` may narrow or widen CPU, wall and output for it alone. A cell that goes
   * over a limit or ends the interpreter ends the session: later cells get the same outcome.
   */
  runCell(source: string, limits?: CellLimits): Promise<CellResult>
  dispose(): Promise<void>
}

export type CellLimits = Partial<Pick<Limits, 'cpuMs' | 'chargedMs' | 'wallMs' | 'outputBytes'>>

export interface CellResult {
  outcome: Outcome
  /** What a notebook shows: prints in order, then the last value or the traceback. */
  output: string
  stdout: string
  /** What the cell wrote to `sys.stderr`. */
  stderr: string
  /** `repr` of a final expression. */
  result: string | null
  traceback: string | null
  cpuMs: number
  /** As `RunResult.chargedMs`, of this cell. */
  chargedMs: number
  wallMs: number
  truncated: boolean
}

/**
 * Opens a session on a worker that it keeps until it is disposed of. A server that fails under it is
 * replaced, and the cells so far are run again there, unseen.
 */
export async function openSession(pool: WorkerPool, limits: Limits): Promise<Session> {
  let place = await openSomewhere(pool, limits)
  const done: Cell[] = []
  const rename = createAddressRenaming()
  let ended: Outcome | undefined
  let disposed = false
  let last: Promise<unknown> = Promise.resolve()
  const runOrReplay = async (cell: Cell) => {
    for (let attempt = 1; ; attempt++) {
      const result = await replay(place, attempt === 1 ? [] : done, cell)
      if (result !== undefined) return result
      if (attempt === attempts) return { cell: endedResult('infra-error'), ended: true }
      await close(pool, place)
      place = await openSomewhere(pool, limits)
    }
  }
  const runCell = async (source: string, cellLimits: CellLimits = {}): Promise<CellResult> => {
    if (disposed) {
      throw new ReflectionCoderError('the session was disposed of', { code: 'RC_SANDBOX_DISPOSED' })
    }
    if (ended !== undefined) return endedResult(ended)
    const cell = { source, limits: resolveLimits(cellLimits, limits) }
    const result = await runOrReplay(cell)
    done.push(cell)
    if (result.ended) ended = result.cell.outcome
    return renameIn(result.cell, rename)
  }
  return {
    runCell(source, cellLimits) {
      const next = last.then(() => runCell(source, cellLimits))
      last = next.catch(() => {})
      return next
    },
    async dispose() {
      if (disposed) return
      disposed = true
      await last
      await close(pool, place)
    },
  }
}

interface Cell {
  source: string
  limits: Limits
}

interface Place {
  worker: Worker
  mark: string
}

/** Runs the cells before, then the cell; undefined where the server fails. */
async function replay(place: Place, before: readonly Cell[], cell: Cell) {
  for (const each of before) {
    const result = await runCellOn(place, each)
    if (result === undefined || result.ended) return undefined
  }
  return runCellOn(place, cell)
}

async function close(pool: WorkerPool, { worker }: Place): Promise<void> {
  await worker.request({ op: 'close' }, serverGraceMs).catch(() => worker.dispose())
  pool.giveBack(worker)
}

async function openSomewhere(pool: WorkerPool, limits: Limits): Promise<Place> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openOnWorker(pool, limits)
    } catch (error) {
      if (!(error instanceof WorkerFault) || attempt === attempts) throw error
    }
  }
}

async function openOnWorker(pool: WorkerPool, limits: Limits): Promise<Place> {
  const worker = await pool.take('session')
  try {
    worker.memory?.begin(limits.memoryBytes)
    const opened = await worker.request({ op: 'open', limits }, serverGraceMs)
    return { worker, mark: (opened.head as { mark: string }).mark }
  } catch (error) {
    await worker.dispose()
    pool.giveBack(worker)
    throw error
  }
}

async function runCellOn(
  { worker, mark }: Place,
  { source, limits }: Cell,
): Promise<{ cell: CellResult; ended: boolean } | undefined> {
  const timeoutMs = limits.wallMs + serverGraceMs
  const answer = await worker.request({ op: 'cell', limits }, timeoutMs, source).catch((error) => {
    if (error instanceof WorkerFault) return undefined
    throw error
  })
  const kills = worker.memory?.read().kills ?? 0
  if (answer === undefined) {
    return kills > 0 ? { cell: endedResult('memory'), ended: true } : undefined
  }
  const report = answer.head as ServerReport
  const truncated = answer.body.length > limits.outputBytes
  const written = splitStreams(decodeOutput(answer.body, limits.outputBytes), mark)
  const traceback = report.cell?.traceback ?? null
  const result = report.cell?.result ?? null
  const ended = report.cause !== 'answered'
  const outcome = ended
    ? endOutcome(readOutcome(report, limits, { stderr: written.stderr, truncated }, kills).outcome)
    : cellOutcome(report, limits, traceback)
  const note = ended
    ? endNote(outcome, report, limits)
    : (traceback ?? (result === null ? '' : `${result}\n`))
  return {
    ended,
    cell: {
      outcome,
      output: joinLines(written.output, note),
      stdout: written.stdout,
      stderr: written.stderr,
      result,
      traceback,
      cpuMs: report.cpuMs,
      chargedMs: report.chargedMs,
      wallMs: report.wallMs,
      truncated,
    },
  }
}

function renameIn(cell: CellResult, rename: (text: string) => string): CellResult {
  // The output first: it holds all the others, in their order.
  const output = rename(cell.output)
  return {
    ...cell,
    output,
    stdout: rename(cell.stdout),
    stderr: rename(cell.stderr),
    result: cell.result === null ? null : rename(cell.result),
    traceback: cell.traceback === null ? null : rename(cell.traceback),
  }
}

/** An interpreter that ended with status 0 has still ended under its cell. */
function endOutcome(outcome: Outcome): Outcome {
  return outcome === 'ok' ? 'error' : outcome
}

function cellOutcome(report: ServerReport, limits: Limits, traceback: string | null): Outcome {
  if (timeLimit(report, limits) !== undefined) return 'timeout'
  if (traceback === null) return 'ok'
  return endsInMemoryError(traceback) ? 'memory' : 'error'
}

function endNote(outcome: Outcome, report: ServerReport, limits: Limits): string {
  const reasons: Record<Outcome, string> = {
    ok: 'the interpreter ended',
    error: `the interpreter exited with status ${report.exitCode}`,
    timeout: stopNote(report, limits),
    memory: 'stopped for using too much memory',
    'output-limit': `stopped after ${limits.outputBytes} bytes of output`,
    killed: 'the interpreter was killed by a signal',
    'infra-error': 'the sandbox failed',
  }
  return `[${outcome}: ${reasons[outcome]}]\n`
}

function stopNote(report: ServerReport, limits: Limits): string {
  const limit = timeLimit(report, limits) ?? 'cpuMs'
  return `stopped after ${limits[limit] / 1000} s${limit === 'cpuMs' ? ' of CPU time' : ''}`
}

function endedResult(outcome: Outcome): CellResult {
  return {
    outcome,
    output: `[${outcome}: the session has ended in an earlier cell]\n`,
    stdout: '',
    stderr: '',
    result: null,
    traceback: null,
    cpuMs: 0,
    chargedMs: 0,
    wallMs: 0,
    truncated: false,
  }
}

/** Takes apart what both streams wrote to one pipe (see cells.py). */
function splitStreams(
  text: string,
  mark: string,
): { output: string; stdout: string; stderr: string } {
  const pieces = text.split(mark)
  let stdout = pieces[0] ?? ''
  let stderr = ''
  let output = stdout
  for (const piece of pieces.slice(1)) {
    const bytes = Number.parseInt(piece.slice(0, 8), 16)
    const rest = Buffer.from(piece.slice(9), 'utf8')
    const marked = rest.toString('utf8', 0, bytes)
    const plain = rest.toString('utf8', bytes)
    stderr += marked
    stdout += plain
    output += marked + plain
  }
  return { output, stdout, stderr }
}

/** Puts the value or traceback on a line of its own, as a notebook does. */
function joinLines(output: string, note: string): string {
  if (note === '' || output === '' || output.endsWith('\n')) return output + note
  return `${output}\n${note}`
}
