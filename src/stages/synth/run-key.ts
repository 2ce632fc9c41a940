import { createHash } from 'node:crypto'
import { hashFile } from '../../core/index.ts'
import type { SynthOptions } from './options.ts'
import type { PromptSet } from './prompts/load-prompts.ts'
import { splitTeacher } from './teachers/teacher-spec.ts'

/** Options that do not decide the bytes of the output, given the same replies. */
const unshaping = [
  'out',
  'overwrite',
  'resume',
  'concurrency',
  'maxRetries',
  'timeoutMs',
  'stallTimeoutMs',
  'stream',
  'apiKeyEnv',
  'cache',
  'queue',
  'inputPrice',
  'outputPrice',
  'maxCost',
  'maxTokensTotal',
  'data',
] as const satisfies (keyof SynthOptions)[]

/** A hash of everything that decides the bytes of the output. */
export async function computeRunKey(
  options: SynthOptions,
  prompts: PromptSet | undefined,
): Promise<string> {
  const shaping = Object.fromEntries(
    Object.entries(options).filter(([name]) => !(unshaping as readonly string[]).includes(name)),
  )
  const { kind, name } = splitTeacher(options.teacher)
  const files = [await hashFile(options.instructions)]
  if (kind === 'recorded') files.push(await hashFile(name))
  return createHash('sha256')
    .update(JSON.stringify([shaping, prompts, files]))
    .digest('hex')
}
