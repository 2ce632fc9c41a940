import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { hashFile } from '../../core/index.ts'
import type { ResolvedStep } from './resolve-recipe.ts'

/** Files above this size count by size and time of change, because reading them takes minutes. */
const hashedBytesLimit = 2 ** 30

/**
 * A hash of all that decides what a step writes: its options, the content of files it reads from
 * outside the run, and the fingerprints of the steps whose output it reads.
 */
export async function fingerprintStep(
  step: ResolvedStep,
  fingerprints: ReadonlyMap<string, string>,
  version: string,
): Promise<string> {
  const inputs: Record<string, string> = {}
  for (const key of step.stage.inputs) {
    const written = JSON.stringify(step.symbolic[key] ?? null)
    const fromStep = step.needs.some((id) => written.includes(`\${${id}}`))
    if (!fromStep) inputs[key] = await hashPaths(step.options[key])
  }
  const needs = step.needs.map((id) => [id, fingerprints.get(id)])
  const document = { uses: step.stage.name, options: step.symbolic, inputs, needs, version }
  return createHash('sha256').update(JSON.stringify(document)).digest('hex')
}

async function hashPaths(value: unknown): Promise<string> {
  if (typeof value === 'string') return hashPath(value)
  if (Array.isArray(value)) return (await Promise.all(value.map(hashPaths))).join(' ')
  if (value === null || typeof value !== 'object') return ''
  return hashPaths(Object.values(value))
}

/** Content of a file or of all files in a folder; a name that is no path counts as itself. */
async function hashPath(path: string): Promise<string> {
  const status = await stat(path).catch(() => undefined)
  if (status === undefined) return `name:${path}`
  if (!status.isDirectory()) {
    return status.size > hashedBytesLimit ? `stat:${status.size}:${status.mtimeMs}` : hashFile(path)
  }
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const hash = createHash('sha256')
  for (const file of files) hash.update(`${relative(path, file)} ${await hashPath(file)}\n`)
  return hash.digest('hex')
}
