import type { CellResult, Sandbox, Session } from '../../../sandbox/index.ts'
import type { Language } from '../languages.ts'
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

/**
 * A stateful Python session. What a cell printed is remembered under all cells so far, so that a
 * run which goes on sees the same outputs; the interpreter starts when a cell is new, and then runs
 * those before it again.
 */
export function openNotebook(sandbox: Sandbox, options: NotebookOptions, cache?: Cache): Notebook {
  const { cellCpuMs, outputCharacters, language } = options
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
      const key = cacheKey('cell', language, sandbox.pythonVersion, options, cells)
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
