import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A memory cgroup around one worker, so that a limit holds for a program's whole tree. */
export interface MemoryGroup {
  /** The command that enters the group, then becomes `command`. */
  wrapCommand(command: readonly string[]): string[]
  /** Sets the limit above what the idle server uses, and forgets the last peak. */
  begin(memoryBytes: number): void
  /** What the tree used at most since `begin`, bytes, and how many processes were killed for it. */
  read(): { peakBytes: number; kills: number }
  remove(): Promise<void>
}

/**
 * What a tree may use beyond its limit: page tables, pipes and pages copied from the server. So that
 * a single process meets its own limit, and a MemoryError, first.
 */
const slackBytes = 32 << 20

let counter = 0

/** Where the kernel shows control groups. */
export interface CgroupPlaces {
  /** File that names the groups of this process. */
  own: string
  /** Folder of all groups. */
  root: string
}

const kernelPlaces: CgroupPlaces = { own: '/proc/self/cgroup', root: '/sys/fs/cgroup' }

/** Makes a group below (or beside) this process's own; undefined where that is not allowed. */
export function createMemoryGroup(places = kernelPlaces): MemoryGroup | undefined {
  for (const { parent, files } of candidates(places)) {
    const folder = join(parent, `reflectioncoder-${process.pid}-${counter++}`)
    try {
      removeAbandoned(parent)
      mkdirSync(folder)
    } catch {
      continue
    }
    try {
      writeFileSync(join(folder, files.limit), String(2 ** 40))
      return openGroup(folder, files)
    } catch {
      rmdirSync(folder)
    }
  }
  return undefined
}

const swept = new Set<string>()

/** Removes the groups of processes that were killed before they could. */
function removeAbandoned(parent: string): void {
  if (swept.has(parent)) return
  swept.add(parent)
  for (const name of readdirSync(parent)) {
    const owner = /^reflectioncoder-(\d+)-\d+$/.exec(name)?.[1]
    if (owner === undefined || existsSync(`/proc/${owner}`)) continue
    try {
      rmdirSync(join(parent, name))
    } catch {
      // Still busy, or another run was faster.
    }
  }
}

interface GroupFiles {
  limit: string
  swap: string
  /** Limit of `swap` for a memory limit: version 1 counts both together. */
  swapBytes: (memoryBytes: number) => number
  usage: string
  peak: string
  kills: string
}

const version1: GroupFiles = {
  limit: 'memory.limit_in_bytes',
  swap: 'memory.memsw.limit_in_bytes',
  swapBytes: (memoryBytes) => memoryBytes,
  usage: 'memory.usage_in_bytes',
  peak: 'memory.max_usage_in_bytes',
  kills: 'memory.oom_control',
}
const version2: GroupFiles = {
  limit: 'memory.max',
  swap: 'memory.swap.max',
  swapBytes: () => 0,
  usage: 'memory.current',
  peak: 'memory.peak',
  kills: 'memory.events',
}

function candidates({
  own: ownGroups,
  root,
}: CgroupPlaces): { parent: string; files: GroupFiles }[] {
  const lines = readText(ownGroups).trim().split('\n')
  const found: { parent: string; files: GroupFiles }[] = []
  for (const line of lines) {
    const [, controllers, path = ''] = line.split(':')
    if (controllers === undefined) continue
    if (controllers.split(',').includes('memory')) {
      found.push({ parent: join(root, 'memory', path), files: version1 })
    } else if (controllers === '') {
      const own = join(root, path)
      found.push({ parent: own, files: version2 }, { parent: dirname(own), files: version2 })
    }
  }
  return found
}

function openGroup(folder: string, files: GroupFiles): MemoryGroup {
  const peak = openControl(join(folder, files.peak))
  const events = openControl(join(folder, files.kills))
  const tryWrite = (name: string, value: number) => {
    try {
      writeFileSync(join(folder, name), String(value))
    } catch {
      // Swap accounting is not everywhere.
    }
  }
  const killsSoFar = () => Number(/^oom_kill (\d+)$/m.exec(events.read())?.[1] ?? 0)
  let idleBytes: number | undefined
  let limitBytes = 0
  let kills = 0
  return {
    wrapCommand: (command) => [
      '/bin/sh',
      '-c',
      enterGroup,
      join(folder, 'cgroup.procs'),
      ...command,
    ],
    begin(memoryBytes) {
      idleBytes ??= Number(readText(join(folder, files.usage)))
      kills = killsSoFar()
      peak.reset()
      const bytes = memoryBytes + idleBytes + slackBytes
      if (bytes === limitBytes) return
      // Version 1 refuses a limit above that of memory and swap together, so both orders.
      tryWrite(files.swap, files.swapBytes(bytes))
      writeFileSync(join(folder, files.limit), String(bytes))
      tryWrite(files.swap, files.swapBytes(bytes))
      limitBytes = bytes
    },
    read: () => ({
      peakBytes: Math.max(0, Number(peak.read() || 0) - (idleBytes ?? 0)),
      kills: killsSoFar() - kills,
    }),
    async remove() {
      peak.close()
      events.close()
      // A group stays busy for a moment after its last process.
      for (let attempt = 0; attempt < 100; attempt++) {
        try {
          return rmdirSync(folder)
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
          await sleep(10)
        }
      }
    },
  }
}

/** A file of a group. It stays open: each program has it read, and a peak is that of a descriptor. */
interface Control {
  /** Empty where there is no such file. */
  read(): string
  /** Writes 0, where the kernel takes it. */
  reset(): void
  close(): void
}

const controlText = Buffer.alloc(4096)

/** Opens the file when it is first used. */
function openControl(path: string): Control {
  let descriptor: number | undefined
  const use = (work: (descriptor: number) => number) => {
    try {
      descriptor ??= openFile(path)
      return work(descriptor)
    } catch {
      return 0
    }
  }
  return {
    read: () =>
      controlText.toString(
        'latin1',
        0,
        use((file) => readSync(file, controlText, 0, 4096, 0)),
      ),
    reset: () => void use((file) => writeSync(file, '0', 0)),
    close() {
      if (descriptor !== undefined) closeSync(descriptor)
      descriptor = undefined
    },
  }
}

/** For both where it may be written, else for reading: the peak is read only in older kernels. */
function openFile(path: string): number {
  try {
    return openSync(path, 'r+')
  } catch {
    return openSync(path, 'r')
  }
}

/** The server itself is the last to be killed where that may be asked for. */
const enterGroup = `echo $$ > "$0" && { echo -900 > /proc/$$/oom_score_adj; } 2>/dev/null; exec "$@"`

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
