import { z } from 'zod'
import { InputError } from '../core/index.ts'

/** What one program or session may use. */
export interface Limits {
  /** CPU time of all its processes together, ms; this decides. */
  cpuMs: number
  /** Wall time, ms; the backstop for programs that sleep or wait. */
  wallMs: number
  /** Memory of the whole tree where cgroups allow it, else address space of each process, bytes. */
  memoryBytes: number
  /** Processes and threads at one time. */
  processes: number
  /** Open files of each process. */
  openFiles: number
  /** Largest file, and all its files together, bytes. */
  fileBytes: number
  /** What is kept of each output stream, bytes; a program that writes more is ended. */
  outputBytes: number
}

/** Limits of `run` and `session` where the caller gives none. */
export const defaultLimits: Readonly<Limits> = {
  cpuMs: 10_000,
  wallMs: 30_000,
  memoryBytes: 1 << 30,
  processes: 64,
  openFiles: 256,
  fileBytes: 64 << 20,
  outputBytes: 1 << 20,
}

const count = z.int().min(1)
const limitsSchema = z.strictObject({
  cpuMs: count.max(86_400_000),
  wallMs: count.max(86_400_000),
  memoryBytes: count.min(16 << 20),
  processes: count.max(100_000),
  openFiles: count.min(8).max(65_536),
  fileBytes: count,
  outputBytes: count.max(1 << 30),
})

/**
 * Fills in the defaults.
 *
 * @throws `RC_BAD_LIMITS` naming the limit that is unknown or out of range.
 */
export function resolveLimits(limits: Partial<Limits> = {}, base = defaultLimits): Limits {
  const parsed = limitsSchema.safeParse({ ...base, ...limits })
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const name = issue?.path.join('.') || 'limits'
  throw new InputError(`the sandbox limit ${name} is not usable: ${issue?.message}`, {
    code: 'RC_BAD_LIMITS',
    hint: `Limits are whole numbers: ${Object.keys(defaultLimits).join(', ')}.`,
  })
}
