import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import type { Model, Parameters } from '../../../../nn/models/index.ts'
import type { LaneData, LaneReply, LaneRequest } from './lane-worker.ts'
import { createObjective, type Objective, type ObjectiveOptions } from './objective.ts'
import { addSums, emptySums, type ObjectiveSums } from './objective-sums.ts'
import type { Pack } from './pack-step.ts'
import { addShared, shareTensors, writeShared } from './shared-tensors.ts'
import { startWorker } from './start-worker.ts'

/**
 * Models up to this many parameters run one pack a thread: their matrix products are too small to
 * gain from being shared out (two threads in one product: 1.2 times one; two packs: 1.9 times), and
 * copies of their weights cost little.
 */
export const smallModel = 32e6

/** The objective on all threads: several packs at once for a small model, else one after another. */
export function createParallelObjective(model: Model, options: ObjectiveOptions): Objective {
  const threads = options.threads || availableParallelism()
  const size = [...model.parameters.values()].reduce((sum, { data }) => sum + data.length, 0)
  // The rows that an adapter trains lie in the model's own embedding, which threads do not share.
  if (threads === 1 || size > smallModel || options.adapter) {
    return createObjective(model, { ...options, threads })
  }
  return createLanes(model, { ...options, threads: 1 }, threads)
}

interface Lane {
  compute(request: LaneRequest): Promise<ObjectiveSums>
  /** Adds the gradients of the last packs to a table. */
  collect(sums: Parameters): void
  dispose(): Promise<void>
}

function createLanes(model: Model, options: ObjectiveOptions, count: number): Objective {
  const { config, parameters } = model
  const shared = shareTensors(parameters)
  const lanes = Array.from({ length: count }, () =>
    createLane({ config, parameters: shared, sums: shareTensors(parameters), options }),
  )
  return {
    async accumulate(packs, sums, step = 0) {
      writeShared(shared, parameters)
      const shares = shareOut(packs, count)
      const used = lanes.slice(0, shares.filter((share) => share.length > 0).length)
      const results = await Promise.all(
        used.map((lane, index) => lane.compute({ packs: shares[index]!, step })),
      )
      const total = emptySums()
      used.forEach((lane, index) => {
        lane.collect(sums)
        addSums(total, results[index]!)
      })
      return total
    },
    async dispose() {
      await Promise.all(lanes.map((lane) => lane.dispose()))
    },
  }
}

function createLane(data: LaneData): Lane {
  const worker = startWorker('lane-worker', data)
  const failure = once(worker, 'error').then(([error]) => Promise.reject(error))
  failure.catch(() => {})
  const ended = new Promise((resolve) => worker.once('exit', resolve))
  return {
    async compute(request) {
      worker.postMessage(request)
      const [reply] = (await Promise.race([once(worker, 'message'), failure])) as [LaneReply]
      if ('error' in reply) throw reply.error
      return reply.objective
    },
    collect: (sums) => addShared(data.sums, sums),
    async dispose() {
      worker.postMessage('dispose')
      await ended
    },
  }
}

/** The largest packs first, each to the lane with the fewest tokens: the same on every run. */
function shareOut(packs: readonly Pack[], count: number): Pack[][] {
  const shares = Array.from({ length: count }, () => ({ packs: [] as Pack[], tokens: 0 }))
  for (const pack of [...packs].sort((a, b) => b.tokens.length - a.tokens.length)) {
    const least = shares.reduce((best, share) => (share.tokens < best.tokens ? share : best))
    least.packs.push(pack)
    least.tokens += pack.tokens.length
  }
  return shares.map((share) => share.packs)
}
