import { hashFile } from '../../core/index.ts'
import { createSandbox } from '../../sandbox/index.ts'
import { countWork } from './count-work.ts'
import { languageTable } from './languages.ts'
import type { SynthOptions } from './options.ts'
import type { TaskCount } from './read-tasks.ts'
import { resolvePrompts } from './teachers/create-teacher.ts'
import { openEndpointClient } from './teachers/endpoint/endpoint-client.ts'
import { recordedTransport } from './teachers/recorded-transport.ts'
import { splitTeacher } from './teachers/teacher-spec.ts'

/** What a run would begin with. */
export interface SynthForecast {
  readonly instructions: TaskCount
  readonly teacher: string
  /** Address that would be asked. */
  readonly baseUrl?: string
  /** Phrasings in each prompt file. */
  readonly prompts?: Record<string, number>
  readonly python: string
}

/**
 * Checks everything that can be checked without a call: every line of the instructions, prompts,
 * key and address, recording or model, sandbox and compiler.
 *
 * @throws what the run itself would throw
 */
export async function forecastSynthesis(options: SynthOptions): Promise<SynthForecast> {
  const instructions = await countWork(options)
  const prompts = await resolvePrompts(options)
  const { kind, name } = splitTeacher(options.teacher)
  if (kind === 'recorded') await recordedTransport(name)
  if (kind === 'native') await hashFile(`${name}/config.json`)
  const endpoint =
    kind === 'endpoint' || kind === 'completions'
      ? await openEndpointClient(name, options)
      : undefined
  const sandbox = await createSandbox({ workers: 1 })
  try {
    await sandbox.requireLanguage(languageTable[options.language].sandbox)
    return {
      instructions,
      teacher: options.teacher,
      ...(endpoint ? { baseUrl: endpoint.baseUrl } : {}),
      ...(prompts
        ? {
            prompts: Object.fromEntries(
              Object.entries(prompts).map(([file, phrasings]) => [file, phrasings.length]),
            ),
          }
        : {}),
      python: sandbox.pythonVersion,
    }
  } finally {
    await sandbox.dispose()
  }
}
