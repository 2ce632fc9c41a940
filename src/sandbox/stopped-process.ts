import { readdirSync, readFileSync } from 'node:fs'

/**
 * Watches a process and its children; calls `onStopped` when one stays stopped (SIGSTOP, a tracer)
 * from one look to the next. Returns a function that ends the watch.
 */
export function watchForStop(pid: number, onStopped: () => void): () => void {
  let before = new Set<number>()
  const timer = setInterval(() => {
    const stopped = new Set([pid, ...childrenOf(pid)].filter(isStopped))
    const lasting = [...stopped].some((each) => before.has(each))
    before = stopped
    if (lasting) onStopped()
  }, intervalMs)
  timer.unref()
  return () => clearInterval(timer)
}

const intervalMs = 250

function childrenOf(pid: number): number[] {
  const found: number[] = []
  for (const thread of list(`/proc/${pid}/task`)) {
    const text = read(`/proc/${pid}/task/${thread}/children`)
    for (const child of text.split(' ')) if (child !== '') found.push(Number(child))
  }
  return found
}

function isStopped(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`)
  return /^[Tt]$/.test(stat.slice(stat.lastIndexOf(')') + 2).charAt(0))
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
