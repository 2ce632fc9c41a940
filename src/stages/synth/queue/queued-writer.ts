import { createHash } from 'node:crypto'
import { openWorkGiver } from '../../../core/index.ts'
import type { Budget } from '../budget.ts'
import type { DialogWriter } from '../dialog-writer.ts'
import type { SynthOptions } from '../options.ts'
import type { PromptSet } from '../prompts/load-prompts.ts'
import { computeRunKey } from '../run-key.ts'
import type { WrittenDialog } from '../write-dialog.ts'
import { type QueuedRun, type QueuedTask, queueName, runKeyOf } from './queued-run.ts'

/** Instructions that wait at the server or are in work, so that no worker runs dry. */
const placesInQueue = 256

/**
 * Lets workers elsewhere do the work. Prompts travel with the run; keys do not: each worker reads
 * its own environment. Of `maxCost` and `maxTokensTotal` only finished instructions are counted.
 */
export async function openQueuedWriter(
  address: string,
  options: SynthOptions,
  prompts: PromptSet | undefined,
  { budget, signal }: { budget: Budget; signal: AbortSignal | undefined },
): Promise<DialogWriter> {
  const giver = await openWorkGiver(address, queueName)
  const run = await chooseRunId(options, prompts)
  const shared: QueuedRun = { options: withoutPlaces(options), prompts }
  await giver.store.put(runKeyOf(run), shared)
  const onAbort = () => void giver.takeBack()
  signal?.addEventListener('abort', onAbort)
  return {
    places: placesInQueue,
    async write(instruction, index) {
      const nothing = { inputTokens: 0, outputTokens: 0 }
      const settle = await budget.reserve(nothing)
      const task: QueuedTask = { run, instruction }
      try {
        const written = (await giver.submit(`${run}-${index}`, task)) as WrittenDialog
        settle(written.spent ?? nothing)
        return written
      } catch (error) {
        settle(nothing)
        throw error
      }
    },
    written: (index) => giver.forget(`${run}-${index}`),
    async dispose() {
      signal?.removeEventListener('abort', onAbort)
      await giver.close()
    },
  }
}

/** Runs of the same options over the same files share their work. */
async function chooseRunId(options: SynthOptions, prompts: PromptSet | undefined): Promise<string> {
  const key = await computeRunKey(options, prompts)
  return createHash('sha256').update(`${key} ${options.out}`).digest('hex').slice(0, 24)
}

/** The address may hold a password, and is known to a worker. */
function withoutPlaces(options: SynthOptions): SynthOptions {
  const { queue: _, cache: __, ...rest } = options
  return rest
}
