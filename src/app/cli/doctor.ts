import { z } from 'zod'
import { exitStatus } from '../../core/index.ts'
import { type CommandResult, defineCommand } from './command.ts'
import type { DoctorCheck } from './doctor-check.ts'
import { runDoctorChecks } from './doctor-checks.ts'
import type { Terminal } from './terminal.ts'

/** `reflectioncoder doctor`: what is there, what is missing and how to get it. */
export const doctorCommand = defineCommand({
  schema: z.strictObject({
    python: z.string().default('python3').describe('Python interpreter that the sandbox will use.'),
    venv: z
      .string()
      .default('.venv')
      .describe('Python environment with PyTorch, for the parity tests.'),
    queue: z.string().optional().describe('Redis server whose answer is checked, if one is used.'),
  }),
  async run(options, { terminal }): Promise<CommandResult> {
    const checks = await runDoctorChecks(options)
    const missing = checks.some((check) => check.state === 'missing')
    return {
      summary: { ready: !missing, checks },
      text: renderChecks(checks, terminal),
      status: missing ? exitStatus.missingDependency : exitStatus.done,
    }
  },
})

function renderChecks(checks: readonly DoctorCheck[], { colors }: Terminal): string {
  const width = Math.max(...checks.map((check) => check.name.length))
  const marks = {
    ok: colors.green('ok      '),
    missing: colors.red('missing '),
    optional: colors.yellow('optional'),
  }
  return checks
    .map(({ name, state, found, remedy }) => {
      const line = `${marks[state]}  ${name.padEnd(width)}  ${found}`
      return remedy === undefined ? line : `${line}\n${' '.repeat(width + 12)}${colors.dim(remedy)}`
    })
    .join('\n')
}
