import {
  InputError,
  openWorkTaker,
  type Progress,
  type SharedStore,
  silentProgress,
} from '../../../core/index.ts'
import { createBudget } from '../budget.ts'
import { type DialogWriter, openLocalWriter } from '../dialog-writer.ts'
import { type QueuedRun, type QueuedTask, queueName, runKeyOf } from './queued-run.ts'
import type { WorkerOptions } from './worker-options.ts'

export interface WorkerSummary {
  /** Instructions that this worker finished. */
  readonly done: number
}

/**
 * Takes instructions from a queue until it is told to stop; those in work are finished first. What
 * a worker that dies had begun is given to another, which finds its replies in the shared store.
 *
 * @throws `RC_BAD_QUEUE`, `RC_QUEUE_UNREACHABLE`
 */
export async function serveSynthesis(
  { queue, concurrency, leaseMs, exitWhenIdle }: WorkerOptions,
  { progress = silentProgress, signal }: { progress?: Progress; signal?: AbortSignal } = {},
): Promise<WorkerSummary> {
  const runs = new Map<string, Promise<DialogWriter>>()
  const task = progress.start('worker', 0)
  let done = 0
  const work = async (payload: unknown, store: SharedStore): Promise<unknown> => {
    const { run, instruction } = payload as QueuedTask
    const writer = runs.get(run) ?? openRun(run, store, concurrency)
    runs.set(run, writer)
    writer.catch(() => runs.delete(run))
    const written = await (await writer).write(instruction, 0)
    done += 1
    task.update(done, `run ${run.slice(0, 6)}`)
    return written
  }
  const taker = await openWorkTaker(queue, queueName, work, { concurrency, leaseMs })
  try {
    const stopped = new Promise<void>((resolve) => {
      if (signal?.aborted) resolve()
      signal?.addEventListener('abort', () => resolve())
    })
    await Promise.race([
      stopped,
      taker.idle(exitWhenIdle === undefined ? undefined : exitWhenIdle * 1000),
    ])
  } finally {
    await taker.close()
    for (const writer of runs.values()) await (await writer.catch(() => undefined))?.dispose()
    task.finish(`${done} instructions`)
  }
  return { done }
}

/** Opens what a run needs, with the replies of all workers in reach. */
async function openRun(
  run: string,
  store: SharedStore,
  concurrency: number,
): Promise<DialogWriter> {
  const shared = (await store.get(runKeyOf(run))) as QueuedRun | undefined
  if (shared === undefined) {
    throw new InputError(`the queue holds work of a run that it does not know: ${run}`, {
      code: 'RC_UNKNOWN_RUN',
      hint: 'Start the run again with --resume.',
    })
  }
  const { maxCost: _, maxTokensTotal: __, ...options } = shared.options
  const given = { ...options, concurrency: options.concurrency ?? concurrency }
  return openLocalWriter(given, shared.prompts, {
    budget: createBudget(given),
    meter: { asked: () => {} },
    stop: new AbortController().signal,
    cache: { ...store, close: async () => {} },
  })
}
