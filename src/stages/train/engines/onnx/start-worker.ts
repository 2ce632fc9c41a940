import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'

/**
 * Starts a thread from a file of this folder; from source, a loader for TypeScript comes first.
 *
 * @param name of the file, without its ending
 */
export function startWorker(name: string, workerData: unknown): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL(`./${name}.js`, import.meta.url), { workerData })
  }
  const file = new URL(`./${name}.ts`, import.meta.url).href
  const resolved = createRequire(import.meta.url).resolve('tsx/esm/api')
  const loader = pathToFileURL(resolved.replace(/\.cjs$/, '.mjs')).href
  const code = `import('${loader}').then(({ register }) => (register(), import('${file}')))`
  return new Worker(code, { workerData, eval: true, execArgv: [] })
}
