import { createHash } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { groupWork, ReflectionCoderError } from '../../../core/index.ts'

/** Values under keys, on the disk; what was put is there after any end of the process. */
export interface Cache {
  get(key: string): Promise<unknown>
  put(key: string, value: unknown): Promise<void>
  close(): Promise<void>
}

/** SHA-256 of the JSON text of everything that shaped a value. */
export function cacheKey(...parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/**
 * Opens a cache folder (LevelDB). One that was not there and into which nothing was put is removed
 * at the end.
 *
 * @throws `RC_CACHE_IN_USE` when another process has it open
 */
export async function openCache(folder: string): Promise<Cache> {
  const { ClassicLevel } = await import('classic-level')
  let unused = !(await stat(folder).catch(() => undefined))
  const database = new ClassicLevel<string, unknown>(folder, { valueEncoding: 'json' })
  await database.open().catch((error: Error & { cause?: { code?: string } }) => {
    const locked = error.cause?.code === 'LEVEL_LOCKED'
    throw new ReflectionCoderError(
      locked
        ? `the cache ${folder} is in use by another process`
        : `the cache ${folder} cannot be opened: ${String(error.cause ?? error)}`,
      {
        code: locked ? 'RC_CACHE_IN_USE' : 'RC_CACHE_BROKEN',
        hint: locked
          ? 'Wait until the other run has ended, or give another --cache.'
          : 'Give another --cache, or remove the folder: replies in it are then asked for again.',
        cause: error,
      },
    )
  })
  const write = groupWork<{ key: string; value: unknown }>((entries) =>
    database.batch(entries.map((entry) => ({ type: 'put' as const, ...entry }))),
  )
  return {
    // At once: most are not there, and to have another thread find that out costs more.
    get: async (key) => database.getSync(key),
    put(key, value) {
      unused = false
      return write({ key, value })
    },
    async close() {
      await database.close()
      if (unused) await rm(folder, { recursive: true, force: true })
    },
  }
}
