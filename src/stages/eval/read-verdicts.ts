import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '../../core/index.ts'
import type { SampleVerdict } from './verdicts.ts'

/**
 * Reads the verdicts that `evaluate` left in its output folder.
 *
 * @throws InputError `RC_NOT_EVALUATED` when the folder holds none.
 */
export async function readVerdicts(folder: string): Promise<SampleVerdict[]> {
  const text = await readFile(join(folder, 'verdicts.jsonl'), 'utf8').catch((cause) => {
    throw new InputError(`${folder} holds no finished evaluation`, {
      code: 'RC_NOT_EVALUATED',
      hint: 'Run eval with this folder as --out, or with --resume if it was interrupted.',
      cause,
    })
  })
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as SampleVerdict)
}
