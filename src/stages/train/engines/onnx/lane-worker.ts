import { parentPort, workerData } from 'node:worker_threads'
import type { DecoderConfig } from '../../../../nn/models/index.ts'
import { createObjective, type ObjectiveOptions } from './objective.ts'
import type { ObjectiveSums } from './objective-sums.ts'
import type { Pack } from './pack-step.ts'
import { createLocal, readShared, type SharedTensors, writeShared } from './shared-tensors.ts'

/** What a lane is started with. */
export interface LaneData {
  readonly config: DecoderConfig
  readonly parameters: SharedTensors
  readonly sums: SharedTensors
  readonly options: ObjectiveOptions
}

/** Packs of a step, to be computed with the parameters as they are then. */
export interface LaneRequest {
  readonly packs: readonly Pack[]
  readonly step: number
}

/** The answer to a request; the gradients lie in the lane's shared sums. */
export type LaneReply = { readonly objective: ObjectiveSums } | { readonly error: Error }

// A lane of `parallel-objective.ts`: a thread that computes packs with sessions of its own.
const data = workerData as LaneData
const parameters = createLocal(data.parameters)
const objective = createObjective({ config: data.config, rawConfig: {}, parameters }, data.options)

parentPort?.on('message', async (request: LaneRequest | 'dispose') => {
  if (request === 'dispose') {
    await objective.dispose()
    parentPort?.close()
    return
  }
  parentPort?.postMessage(await compute(request).catch((error: Error) => ({ error })))
})

async function compute({ packs, step }: LaneRequest): Promise<LaneReply> {
  readShared(data.parameters, parameters)
  const sums = createLocal(data.sums)
  const result = await objective.accumulate(packs, sums, step)
  writeShared(data.sums, sums)
  return { objective: result }
}
