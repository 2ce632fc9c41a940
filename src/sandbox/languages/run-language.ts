import { stat } from 'node:fs/promises'
import { type Limits, resolveLimits } from '../limits.ts'
import type { Program, RunResult } from '../result.ts'
import { executeSteps, type Step } from '../run-steps.ts'
import type { WorkerPool } from '../worker-pool.ts'
import {
  type CommandLanguage,
  commandLimits,
  debianJavaTuples,
  languageRules,
} from './language-rules.ts'
import { findLanguageTools, type LanguageTools, missingLanguage } from './language-tools.ts'

/** Runs programs of other languages; finds their tools once. */
export interface LanguageRunner {
  /** @throws MissingDependencyError `RC_LANGUAGE_MISSING`. */
  run(program: CommandProgram, limits?: Partial<Limits>): Promise<RunResult>
  /**
   * Checks that a language can be run here, and with `tests` the libraries that tests import.
   *
   * @throws MissingDependencyError `RC_LANGUAGE_MISSING`.
   */
  require(language: CommandLanguage, needs?: { tests?: boolean }): Promise<void>
}

export type CommandProgram = Program & { language: CommandLanguage }

export function createLanguageRunner(
  poolFor: (readable: readonly string[]) => WorkerPool,
  /** Where programs see a folder outside the system. */
  placeOf: (path: string) => string,
  classPath: string | undefined,
): LanguageRunner {
  const found = new Map<CommandLanguage, Promise<LanguageTools>>()
  const toolsOf = (language: CommandLanguage) => {
    const tools = found.get(language) ?? findLanguageTools(language)
    found.set(language, tools)
    tools.catch(() => found.delete(language))
    return tools
  }
  const run = async (program: CommandProgram, limits: Partial<Limits> = {}) => {
    const { language, source, stdin, files = {} } = program
    const tools = await toolsOf(language)
    const jar = classPath ?? debianJavaTuples
    const isReadable = language !== 'java' || jar.startsWith('/usr/') || !(await exists(jar))
    const readable = isReadable ? tools.readable : [...tools.readable, jar]
    const plan = languageRules[language].plan(source, tools.paths.map(placeOf), {
      classPath: placeOf(jar),
      isLibraryRunnable: program.libraryForCompilerOnly !== true,
      typescriptMajor: tools.typescriptMajor,
    })
    const steps = stepsOf(language, plan, limits)
    const body = { files: { ...files, [plan.file]: source }, ...(stdin ? { stdin } : {}) }
    return executeSteps(poolFor(readable), steps, body)
  }
  return {
    run,
    async require(language, needs = {}) {
      const { tests, packages } = languageRules[language]
      await toolsOf(language)
      if (needs.tests !== true || tests === undefined) return
      const result = await run({ language, source: tests.program })
      if (result.outcome !== 'ok') {
        const what = tests.packages.includes(' ') ? packages : tests.packages
        throw missingLanguage(language, what, tests.packages)
      }
    },
  }
}

function stepsOf(
  language: CommandLanguage,
  plan: { compile?: readonly string[]; run: readonly string[] },
  limits: Partial<Limits>,
): Step[] {
  const { compileLimits = {}, runLimits, environment = {} } = languageRules[language]
  const { cpuMs, chargedMs, wallMs, ...shared } = limits
  const own = cpuMs === undefined && chargedMs === undefined && wallMs === undefined
  const runStep: Step = {
    name: 'run',
    command: plan.run,
    environment,
    takesInput: true,
    limits: resolveLimits({ ...commandLimits, ...(own ? runLimits : {}), ...limits }),
  }
  if (plan.compile === undefined) return [runStep]
  const compileStep: Step = {
    name: 'compile',
    command: plan.compile,
    environment,
    takesInput: false,
    limits: resolveLimits({ ...commandLimits, ...compileLimits, ...shared }),
  }
  return [compileStep, runStep]
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
