import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Folder of the installed package, three up from here, in `src` as in `dist`. */
export const packageFolder = fileURLToPath(new URL('../../../', import.meta.url))

/** Version of this package. */
export function readPackageVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
