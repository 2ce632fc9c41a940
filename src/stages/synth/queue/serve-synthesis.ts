import {
  InputError,
  openWorkTaker,
  type Progress,
  type SharedStore,
  silentProgress,
} from '../../../core/index.ts'
import { type DialogWriter, openLocalWriter } from '../dialog-writer.ts'
import { budgetKeyOf, type QueuedRun, type QueuedTask, queueName, runKeyOf } from './queued-run.ts'
import { sharedBudget } from './shared-budget.ts'
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
  const runs = createOpenRuns((run, store) => openRun(run, store, concurrency))
  const task = progress.start('worker', 0)
  let done = 0
  const work = async (payload: unknown, store: SharedStore): Promise<unknown> => {
    const { run, instruction } = payload as QueuedTask
    const written = await runs.use(run, store, (writer) => writer.write(instruction, 0))
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
    await runs.dispose()
    task.finish(`${done} instructions`)
  }
  return { done }
}

/** Writers by run; one that nobody uses is let go of when another run begins. */
function createOpenRuns(open: (run: string, store: SharedStore) => Promise<DialogWriter>) {
  const runs = new Map<string, { writer: Promise<DialogWriter>; users: number }>()
  const close = async (run: string) => {
    const { writer } = runs.get(run) ?? {}
    runs.delete(run)
    await (await writer?.catch(() => undefined))?.dispose()
  }
  return {
    async use<Result>(
      run: string,
      store: SharedStore,
      work: (writer: DialogWriter) => Promise<Result>,
    ): Promise<Result> {
      const idle = [...runs].filter(([name, { users }]) => name !== run && users === 0)
      for (const [name] of idle) await close(name)
      const opened = runs.get(run) ?? { writer: open(run, store), users: 0 }
      runs.set(run, opened)
      opened.writer.catch(() => runs.delete(run))
      opened.users += 1
      try {
        return await work(await opened.writer)
      } finally {
        opened.users -= 1
      }
    },
    async dispose() {
      for (const run of [...runs.keys()]) await close(run)
    },
  }
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
  const { options, prompts } = shared
  const given = { ...options, concurrency: options.concurrency ?? concurrency }
  return openLocalWriter(given, prompts, {
    budget: sharedBudget(store.ledger(budgetKeyOf(run)), options),
    meter: { asked: () => {} },
    stop: new AbortController().signal,
    cache: { get: store.get, put: store.put, close: async () => {} },
  })
}
