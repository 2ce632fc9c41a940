import { z } from 'zod'
import { InputError } from '../core/index.ts'

/** What one program or session may use. */
export interface Limits {
  /** CPU time of all its processes together, ms. */
  cpuMs: number
  /**
   * Charged time, ms: CPU time, and time asleep or blocked, but no time spent waiting for a CPU, so
   * that a busy machine changes no verdict. Default, where only another time is given: that of
   * `wallMs` or of `cpuMs`, whichever is more.
   */
  chargedMs: number
  /**
   * Wall time, ms, whatever the machine does: the backstop. Default, where only `chargedMs` or
   * `cpuMs` is given: `wallBackstop` times the charged time and at least the default.
   */
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
  chargedMs: 15_000,
  wallMs: 90_000,
  memoryBytes: 1 << 30,
  processes: 64,
  openFiles: 256,
  fileBytes: 64 << 20,
  outputBytes: 1 << 20,
}

/** How often the charged time fits into the wall time that is given by default. */
export const wallBackstop = 6

const count = z.int().min(1)
const limitsSchema = z.strictObject({
  cpuMs: count.max(86_400_000),
  chargedMs: count.max(86_400_000),
  wallMs: count.max(86_400_000),
  memoryBytes: count.min(16 << 20),
  processes: count.max(100_000),
  openFiles: count.min(8).max(65_536),
  fileBytes: count,
  outputBytes: count.max(1 << 30),
})

/**
 * Fills in the defaults; of the times that are not given, each follows from those that are.
 *
 * @throws `RC_BAD_LIMITS` naming the limit that is unknown or out of range.
 */
export function resolveLimits(limits: Partial<Limits> = {}, base = defaultLimits): Limits {
  const parsed = limitsSchema.safeParse({ ...base, ...limits, ...resolveTimes(limits, base) })
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const name = issue?.path.join('.') || 'limits'
  throw new InputError(`the sandbox limit ${name} is not usable: ${issue?.message}`, {
    code: 'RC_BAD_LIMITS',
    hint: `Limits are whole numbers: ${Object.keys(defaultLimits).join(', ')}.`,
  })
}

type Times = Pick<Limits, 'cpuMs' | 'chargedMs' | 'wallMs'>

function resolveTimes(limits: Partial<Limits>, base: Readonly<Limits>): Times {
  const { cpuMs, chargedMs, wallMs } = limits
  if (chargedMs === undefined && cpuMs === undefined && wallMs === undefined) {
    return { cpuMs: base.cpuMs, chargedMs: base.chargedMs, wallMs: base.wallMs }
  }
  const charged = chargedMs ?? Math.max(cpuMs ?? 0, wallMs ?? base.chargedMs)
  const wall = Math.min(Math.max(base.wallMs, wallBackstop * charged), 86_400_000)
  return {
    cpuMs: cpuMs ?? chargedMs ?? base.cpuMs,
    chargedMs: charged,
    wallMs: wallMs ?? wall,
  }
}
