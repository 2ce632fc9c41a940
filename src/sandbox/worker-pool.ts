import { ReflectionCoderError } from '../core/index.ts'
import type { Worker } from './worker.ts'

/** Workers that are lent out, one program or session at a time. */
export interface WorkerPool {
  /** `run` waits for one of the pool's places; `session` never waits. */
  take(kind: 'run' | 'session'): Promise<Worker>
  /** Starts so many workers, at most one for each place, before they are asked for. */
  start(count: number): void
  /** Hands over a worker that has nothing to do, for good; undefined when there is none. */
  handOver(): Worker | undefined
  /** A worker that died is dropped; its place stays. */
  giveBack(worker: Worker): void
  dispose(): Promise<void>
}

export function createWorkerPool(create: () => Promise<Worker>, places: number): WorkerPool {
  const all = new Set<Worker>()
  const starting = new Set<Promise<Worker>>()
  const early: Promise<Worker>[] = []
  const idle: Worker[] = []
  const queue: (() => void)[] = []
  const kinds = new Map<Worker, 'run' | 'session'>()
  let running = 0
  let disposed = false

  const refuseDisposed = () => {
    if (disposed) {
      throw new ReflectionCoderError('the sandbox was disposed of', { code: 'RC_SANDBOX_DISPOSED' })
    }
  }
  const popIdle = (): Worker | undefined => {
    for (let worker = idle.pop(); worker !== undefined; worker = idle.pop()) {
      if (worker.alive) return worker
      drop(worker)
    }
    return undefined
  }
  const obtain = async (): Promise<Worker> => popIdle() ?? early.shift() ?? startWorker()
  const startWorker = async (): Promise<Worker> => {
    const promise = create()
    starting.add(promise)
    try {
      const worker = await promise
      all.add(worker)
      return worker
    } finally {
      starting.delete(promise)
    }
  }
  const drop = (worker: Worker) => {
    all.delete(worker)
    void worker.dispose()
  }
  const leavePlace = () => {
    running -= 1
    queue.shift()?.()
  }
  return {
    async take(kind) {
      refuseDisposed()
      if (kind === 'run') {
        if (running >= places) await new Promise<void>((resolve) => queue.push(resolve))
        running += 1
      }
      try {
        refuseDisposed()
        const worker = await obtain()
        kinds.set(worker, kind)
        return worker
      } catch (error) {
        if (kind === 'run') leavePlace()
        throw error
      }
    },
    start(count) {
      for (let number = all.size + starting.size; number < Math.min(count, places); number++) {
        const worker = startWorker()
        // Whoever takes it hears of it.
        worker.catch(() => {})
        early.push(worker)
      }
    },
    handOver() {
      const worker = popIdle()
      if (worker !== undefined) all.delete(worker)
      return worker
    },
    giveBack(worker) {
      const kind = kinds.get(worker)
      kinds.delete(worker)
      if (worker.alive && !disposed && idle.length < places) idle.push(worker)
      else drop(worker)
      if (kind === 'run') leavePlace()
    },
    async dispose() {
      disposed = true
      for (const next of queue.splice(0)) next()
      const late = await Promise.allSettled(starting)
      for (const result of late) if (result.status === 'fulfilled') all.add(result.value)
      await Promise.all([...all].map((worker) => worker.dispose()))
      all.clear()
    },
  }
}
