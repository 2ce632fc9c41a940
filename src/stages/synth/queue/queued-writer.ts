import { createHash } from 'node:crypto'
import { openWorkGiver } from '../../../core/index.ts'
import { BudgetSpent, budgetCodes, budgetOptions, type LocalBudget } from '../budget.ts'
import type { DialogWriter } from '../dialog-writer.ts'
import type { SynthOptions } from '../options.ts'
import type { PromptSet } from '../prompts/load-prompts.ts'
import { computeRunKey } from '../run-key.ts'
import { restOf } from '../spent.ts'
import type { CallMeter } from '../teachers/cached-transport.ts'
import type { WrittenDialog } from '../write-dialog.ts'
import { budgetKeyOf, type QueuedRun, type QueuedTask, queueName, runKeyOf } from './queued-run.ts'
import { openSharedBudget, readSharedBudget } from './shared-budget.ts'

/** Instructions that wait at the server or are in work, so that no worker runs dry. */
const placesInQueue = 256

/**
 * Lets workers elsewhere do the work. Prompts travel with the run; keys do not: each worker reads
 * its own environment. Of `maxCost` and `maxTokensTotal` all workers keep account together.
 */
export async function openQueuedWriter(
  address: string,
  options: SynthOptions,
  prompts: PromptSet | undefined,
  {
    budget,
    meter,
    signal,
  }: { budget: LocalBudget; meter: CallMeter; signal: AbortSignal | undefined },
): Promise<DialogWriter> {
  const giver = await openWorkGiver(address, queueName)
  const run = await chooseRunId(options, prompts)
  const shared: QueuedRun = { options: withoutPlaces(options), prompts }
  await giver.store.put(runKeyOf(run), shared)
  const ledger = giver.store.ledger(budgetKeyOf(run))
  await openSharedBudget(ledger, options, budget.spent)
  // After a failure nothing more is to be begun. What is taken back fails later than what was its cause.
  let takenBack: Promise<void> | undefined
  let ranOut = false
  const takeBackOnce = () => {
    takenBack ??= giver.takeBack()
  }
  signal?.addEventListener('abort', takeBackOnce)
  return {
    places: placesInQueue,
    async write(instruction, index) {
      const task: QueuedTask = { run, instruction }
      try {
        const written = (await giver.submit(`${run}-${index}`, task)) as WrittenDialog
        if (written.spent) {
          budget.add(written.spent)
          meter.asked(written.spent)
        }
        return written
      } catch (error) {
        takeBackOnce()
        const known = asBudgetSpent(error)
        ranOut ||= known instanceof BudgetSpent
        throw known
      }
    },
    written: (index) => giver.forget(`${run}-${index}`),
    async dispose() {
      signal?.removeEventListener('abort', takeBackOnce)
      await takenBack
      // What workers spent on instructions that they did not finish.
      if (ranOut) budget.add(restOf(await readSharedBudget(ledger), budget.spent))
      await giver.close()
    },
  }
}

/** The error of a worker in which the budget ran out, as it was before it went through the queue. */
function asBudgetSpent(error: unknown): unknown {
  const option = budgetOptions.find(
    (name) => budgetCodes[name] === (error as { code?: string }).code,
  )
  return option === undefined ? error : new BudgetSpent(option)
}

/** Runs of the same options and prices over the same files share their work. */
async function chooseRunId(options: SynthOptions, prompts: PromptSet | undefined): Promise<string> {
  const key = await computeRunKey(options, prompts)
  return createHash('sha256')
    .update(`${key} ${options.inputPrice} ${options.outputPrice} ${options.out}`)
    .digest('hex')
    .slice(0, 24)
}

/** The address may hold a password, and is known to a worker. */
function withoutPlaces(options: SynthOptions): SynthOptions {
  const { queue: _, cache: __, ...rest } = options
  return rest
}
