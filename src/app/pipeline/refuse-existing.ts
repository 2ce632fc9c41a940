import { access } from 'node:fs/promises'
import { refuseExistingOutput } from '../../core/index.ts'

/** Throws `RC_OUTPUT_EXISTS` when the output is there and may not be replaced. */
export async function refuseExisting(options: { out: string; overwrite: boolean }): Promise<void> {
  if (options.overwrite) return
  const isThere = await access(options.out).then(
    () => true,
    () => false,
  )
  if (isThere) throw refuseExistingOutput(options.out)
}
