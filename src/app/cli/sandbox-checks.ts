import {
  type CommandLanguage,
  createSandbox,
  findLanguageTools,
  languageRules,
} from '../../sandbox/index.ts'
import type { DoctorCheck } from './doctor-check.ts'

/** Starts a sandbox, which tries each of its limits. */
export async function checkSandbox(python: string): Promise<DoctorCheck> {
  const name = 'Sandbox'
  try {
    const sandbox = await createSandbox({ workers: 1, python })
    await sandbox.dispose()
    const [warning] = sandbox.warnings
    return {
      name,
      state: warning === undefined ? 'ok' : 'optional',
      found: `every limit was tried and holds${warning === undefined ? '' : `; but ${warning}`}`,
    }
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string }
    return {
      name,
      state: 'missing',
      found: message,
      ...(hint === undefined ? {} : { remedy: hint }),
    }
  }
}

/** Which languages other than Python can be run. */
export async function checkLanguages(): Promise<DoctorCheck> {
  const languages = Object.keys(languageRules) as CommandLanguage[]
  const missing: CommandLanguage[] = []
  for (const language of languages) {
    await findLanguageTools(language).catch(() => missing.push(language))
  }
  const there = languages.filter((language) => !missing.includes(language))
  const packages = missing.map((language) => languageRules[language].packages).join(' ')
  return {
    name: 'Languages',
    state: missing.length === 0 ? 'ok' : 'optional',
    found: `${there.join(', ') || 'none'}${missing.length > 0 ? `; not ${missing.join(', ')}` : ''}`,
    ...(missing.length > 0 ? { remedy: `For MultiPL-E: apt-get install ${packages}` } : {}),
  }
}
