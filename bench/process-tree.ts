import { mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The peak memory of a command with all that it starts. */
export interface TreeMemory {
  /** The command that is measured in place of `command`. */
  wrapCommand(command: readonly string[]): string[]
  /** MiB now, of the wrapped command that runs as `pid`; 0 after `remove`. */
  read(pid: number): Promise<number>
  remove(): Promise<void>
}

let counter = 0

/**
 * Anonymous and shared pages of a memory cgroup, which cost one small file to read; where there can
 * be none, proportional set sizes of all processes, which cost a part of a core to add up.
 */
export function createTreeMemory(): TreeMemory {
  const folder = createGroup()
  let removed = false
  if (folder === undefined) {
    return {
      wrapCommand: (command) => [...command],
      read: proportionalMemory,
      remove: async () => {},
    }
  }
  return {
    wrapCommand: (command) => [
      ...['/bin/sh', '-c', 'echo $$ > "$0"; exec "$@"'],
      ...[join(folder, 'cgroup.procs'), ...command],
    ],
    read: async () => {
      const stat = await readFile(join(folder, 'memory.stat'), 'utf8').catch((error) => {
        if (!removed) throw error
      })
      return stat === undefined ? 0 : groupMemory(stat)
    },
    async remove() {
      removed = true
      for (let attempt = 0; attempt < 100; attempt++) {
        try {
          return rmdirSync(folder)
        } catch {
          await sleep(20)
        }
      }
    },
  }
}

/** In the first hierarchy that has memory and allows it, below this process's own group. */
function createGroup(): string | undefined {
  for (const line of readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')) {
    const [, controllers, path] = line.split(':')
    if (controllers !== '' && !controllers!.split(',').includes('memory')) continue
    const parent = join('/sys/fs/cgroup', controllers === '' ? '' : 'memory', path!)
    const folder = join(parent, `bench-${process.pid}-${counter++}`)
    try {
      mkdirSync(folder)
      groupMemory(readFileSync(join(folder, 'memory.stat'), 'utf8'))
      return folder
    } catch {
      // Not writable, or the hierarchy has no memory.
    }
  }
  return undefined
}

/** MiB; version 1 writes `total_rss` where version 2 writes `anon`. */
function groupMemory(stat: string): number {
  const amount = (pattern: RegExp) => {
    const found = pattern.exec(stat)?.[1]
    if (found === undefined) throw new Error(`memory.stat has no ${pattern.source}`)
    return Number(found)
  }
  const bytes = amount(/^(?:total_rss|anon) (\d+)$/m) + amount(/^(?:total_)?shmem (\d+)$/m)
  return bytes / 2 ** 20
}

async function proportionalMemory(root: number): Promise<number> {
  const parents = new Map<number, number>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    if (stat !== '')
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
  }
  const below = new Set([root])
  for (let grew = true; grew; ) {
    grew = false
    for (const [pid, parent] of parents) {
      if (below.has(pid) || !below.has(parent)) continue
      below.add(pid)
      grew = true
    }
  }
  const sizes = await Promise.all(
    [...below].map(async (pid) => {
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
      return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) / 1024
    }),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
