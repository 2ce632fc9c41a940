import { parentPort, workerData } from 'node:worker_threads'
import { silentProgress } from '../../../../core/index.ts'
import { readPlan } from '../../../plan/index.ts'
import type { TrainEvent } from '../../engine.ts'
import {
  type EngineCommand,
  type EngineData,
  type EngineReply,
  recordError,
} from './engine-messages.ts'
import { onnxEngine } from './onnx-engine.ts'

// The thread of `engine-thread.ts`: runs the engine, event by event as it is asked for them.
const { options, planHash, keptBytes } = workerData as EngineData
const port = parentPort!
const controller = new AbortController()
const events = open()

port.on('message', async (command: EngineCommand) => {
  if (command === 'abort') {
    controller.abort()
    return
  }
  const reply = await next().catch((error): EngineReply => ({ error: recordError(error) }))
  port.postMessage(reply)
  if (!('event' in reply)) port.close()
})

async function next(): Promise<EngineReply> {
  const { done, value } = await events.next()
  return done ? { done: true } : { event: value }
}

async function* open(): AsyncGenerator<TrainEvent> {
  const plan = await readPlan(options.plan)
  try {
    const { signal } = controller
    const request = { options, plan, planHash, keptBytes, progress: silentProgress, signal }
    yield* onnxEngine(request)
  } finally {
    await plan.close()
  }
}
