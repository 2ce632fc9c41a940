export type { Host, HostOptions, HostResult } from './host.ts'
export { type CommandLanguage, languageRules, passesTests } from './languages/language-rules.ts'
export { findLanguageTools } from './languages/language-tools.ts'
export { defaultLimits, type Limits } from './limits.ts'
export type { Language, Outcome, Program, RunResult } from './result.ts'
export {
  createSandbox,
  type Sandbox,
  type SandboxOptions,
  type StartingSandbox,
  startSandbox,
} from './sandbox.ts'
export type { CellLimits, CellResult, Session } from './session.ts'
