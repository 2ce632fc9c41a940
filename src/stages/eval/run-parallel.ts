import { InterruptedError } from '../../core/index.ts'

/**
 * Works on all items in order, `workers` at a time; the first failure stops the rest.
 *
 * @throws InterruptedError after the items in progress when `signal` is aborted.
 */
export async function runParallel<Item>(
  items: readonly Item[],
  workers: number,
  work: (item: Item) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const queue = [...items]
  let failed = false
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined && !failed; item = queue.shift()) {
      if (signal?.aborted) {
        queue.unshift(item)
        return
      }
      await work(item).catch((error) => {
        failed = true
        throw error
      })
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: workers }, worker))
  for (const each of ended) if (each.status === 'rejected') throw each.reason
  if (signal?.aborted && queue.length > 0) throw new InterruptedError()
}
