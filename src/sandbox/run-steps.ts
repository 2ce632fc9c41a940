import type { Limits } from './limits.ts'
import type { RunResult, ServerReport } from './result.ts'
import { checkFileNames, readResult, retryOnFault, serverGraceMs } from './run-program.ts'
import type { WorkerPool } from './worker-pool.ts'

/** A command of a program that takes several. */
export interface Step {
  name: 'compile' | 'run'
  command: readonly string[]
  /** Added to what every program finds there. */
  environment: Readonly<Record<string, string>>
  /** Whether it reads the program's standard input. */
  takesInput: boolean
  limits: Limits
}

/** Runs commands one after the other in the same folders; the result is that of the last one. */
export function executeSteps(
  pool: WorkerPool,
  steps: readonly Step[],
  body: { files: Record<string, string>; stdin?: string },
): Promise<RunResult> {
  checkFileNames(body.files)
  const memoryBytes = Math.max(...steps.map(({ limits }) => limits.memoryBytes))
  const wallMs = steps.reduce((sum, { limits }) => sum + limits.wallMs, 0)
  return retryOnFault(pool, async (worker) => {
    worker.memory?.begin(memoryBytes)
    const sent = steps.map(({ command, environment, takesInput, limits }) => ({
      command,
      environment,
      takesInput,
      limits,
    }))
    const answer = await worker.request({ op: 'steps', steps: sent }, wallMs + serverGraceMs, body)
    const { steps: reports } = answer.head as { steps: ServerReport[] }
    let start = 0
    const results = reports.map((report, index) => {
      const { name, limits } = steps[index] as Step
      const length = report.lengths.reduce((sum, each) => sum + each, 0)
      const bytes = answer.body.subarray(start, start + length)
      start += length
      const memory = index === reports.length - 1 ? worker.memory : undefined
      return { ...readResult(report, bytes, limits, memory).result, step: name }
    })
    const last = results.at(-1) as RunResult
    const compiled = results.length > 1 ? results[0] : undefined
    return compiled === undefined ? last : { ...last, compile: compiled }
  })
}
