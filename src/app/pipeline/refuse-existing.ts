import { pathExists, refuseExistingOutput } from '../../core/index.ts'

/** Throws `RC_OUTPUT_EXISTS` when the output is there and may not be replaced. */
export async function refuseExisting(options: { out: string; overwrite: boolean }): Promise<void> {
  if (options.overwrite) return
  if (await pathExists(options.out)) throw refuseExistingOutput(options.out)
}
