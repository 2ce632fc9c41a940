export { defaultLimits, type Limits } from './limits.ts'
export type { Outcome, Program, RunResult } from './result.ts'
export { createSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts'
export type { CellLimits, CellResult, Session } from './session.ts'
