import {
  type CellResult,
  defaultLimits,
  type RunResult,
  type Sandbox,
  type Session,
} from '../../../sandbox/index.ts'
import { type Language, languageTable } from '../languages.ts'
import { type Cache, cacheKey } from '../teachers/response-cache.ts'
import { truncateOutput } from './truncate-output.ts'

/** Where the programs of one reflection run. */
export interface Notebook {
  /** Runs one; its output is as the dialog shows it. */
  run(code: string): Promise<CellResult>
  dispose(): Promise<void>
}

export interface NotebookOptions {
  readonly language: Language
  readonly cellCpuMs: number
  /** Characters of an output that are shown. */
  readonly outputCharacters: number
}

/** CPU time that a program has, seconds. */
export function runSeconds({
  language,
  cellCpuMs,
}: Pick<NotebookOptions, 'language' | 'cellCpuMs'>): number {
  return (language === 'python' ? cellCpuMs : defaultLimits.cpuMs) / 1000
}

/** Python runs in a session; programs of other languages are built and run one by one. */
export function openNotebook(sandbox: Sandbox, options: NotebookOptions, cache?: Cache): Notebook {
  return options.language === 'python'
    ? openPythonNotebook(sandbox, options, cache)
    : openProgramNotebook(sandbox, options, cache)
}

/**
 * A stateful Python session. What a cell printed is remembered under all cells so far, so that a
 * run which goes on sees the same outputs; the interpreter starts when a cell is new, and then runs
 * those before it again.
 */
export function openPythonNotebook(
  sandbox: Sandbox,
  options: NotebookOptions,
  cache: Cache | undefined,
): Notebook {
  const { cellCpuMs, outputCharacters } = options
  const cells: string[] = []
  let behind: string[] = []
  let session: Session | undefined
  const runInSession = async (code: string): Promise<CellResult> => {
    session ??= await sandbox.session()
    const result = await session.runCell(code, { cpuMs: cellCpuMs })
    if (endsSession(result)) await endSession()
    return result
  }
  const endSession = async () => {
    await session?.dispose()
    session = undefined
  }
  const runNew = async (code: string): Promise<CellResult> => {
    for (const earlier of behind) await runInSession(earlier)
    behind = []
    return runInSession(code)
  }
  return {
    async run(code) {
      cells.push(code)
      const key = cacheKey('cell', sandbox.pythonVersion, pickOptions(options), cells)
      const known = (await cache?.get(key)) as CellResult | undefined
      if (known !== undefined) {
        behind.push(code)
        return known
      }
      const result = await runNew(code)
      const shown = { ...result, output: truncateOutput(result.output, outputCharacters) }
      await cache?.put(key, shown)
      return shown
    },
    dispose: endSession,
  }
}

/** A program that was stopped or died takes its interpreter with it. */
const endsSession = ({ outcome }: CellResult) => outcome !== 'ok' && outcome !== 'error'

function pickOptions({ language, cellCpuMs, outputCharacters }: NotebookOptions) {
  return { language, cellCpuMs, outputCharacters }
}

function openProgramNotebook(
  sandbox: Sandbox,
  options: NotebookOptions,
  cache: Cache | undefined,
): Notebook {
  const language = languageTable[options.language].sandbox
  return {
    async run(source) {
      const key = cacheKey('program', pickOptions(options), source)
      const known = (await cache?.get(key)) as CellResult | undefined
      if (known !== undefined) return known
      const shown = showProgram(await sandbox.run({ language, source }), options.outputCharacters)
      await cache?.put(key, shown)
      return shown
    },
    dispose: async () => {},
  }
}

/** What a terminal would show: both streams, and how the program ended where it did not end well. */
function showProgram(result: RunResult, outputCharacters: number): CellResult {
  const { outcome, stdout, stderr, step, exitCode, cpuMs, chargedMs, wallMs, truncated } = result
  const ending = [stdout, stderr].filter((text) => text !== '')
  if (outcome !== 'ok') {
    const status = exitCode === null ? '' : `, status ${exitCode}`
    ending.push(`[${step === 'compile' ? 'the compiler' : 'the program'}: ${outcome}${status}]`)
  }
  const output = ending.map((text) => (text.endsWith('\n') ? text : `${text}\n`)).join('')
  return {
    outcome,
    output: truncateOutput(output, outputCharacters),
    stdout,
    stderr,
    result: null,
    traceback: null,
    cpuMs,
    chargedMs,
    wallMs,
    truncated,
  }
}
