import { readFile, writeFile } from 'node:fs/promises'

/** Forgets the peak so far, so that the next reading is of what follows (proc(5), clear_refs). */
export async function resetPeakMemory(): Promise<void> {
  await writeFile('/proc/self/clear_refs', '5').catch(() => {})
}

/** Peak resident memory of this process in bytes; null where the system does not tell. */
export async function readPeakMemory(): Promise<number | null> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '')
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(status)
  return match === null ? null : Number(match[1]) * 1024
}
