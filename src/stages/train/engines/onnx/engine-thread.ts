import { once } from 'node:events'
import {
  countParameters,
  parameterShapes,
  parseDecoderConfig,
} from '../../../../nn/models/index.ts'
import { readSourceConfig } from '../../../../nn/weights/index.ts'
import type { EngineRequest, TrainEvent } from '../../engine.ts'
import {
  type EngineCommand,
  type EngineData,
  type EngineReply,
  restoreError,
} from './engine-messages.ts'
import { onnxEngine } from './onnx-engine.ts'
import { smallModel } from './parallel-objective.ts'
import { startWorker } from './start-worker.ts'

/**
 * `onnxEngine` in a thread of its own, so that this one shows progress and hears Ctrl-C while a run
 * of ONNX Runtime takes its seconds. A small model runs its packs in threads anyway.
 */
export async function* onnxEngineThread(request: EngineRequest): AsyncGenerator<TrainEvent> {
  if (await isSmall(request.options.model)) yield* onnxEngine(request)
  else yield* runInThread(request)
}

async function isSmall(path: string): Promise<boolean> {
  const config = parseDecoderConfig(await readSourceConfig(path), path)
  return countParameters(parameterShapes(config)) <= smallModel
}

/** The engine in a thread, whatever the size of the model. */
export async function* runInThread({
  options,
  planHash,
  keptBytes,
  signal,
}: EngineRequest): AsyncGenerator<TrainEvent> {
  const worker = startWorker('engine-worker', { options, planHash, keptBytes } satisfies EngineData)
  const failure = once(worker, 'error').then(([error]) => Promise.reject(error))
  failure.catch(() => {})
  const send = (command: EngineCommand) => worker.postMessage(command)
  const abort = () => send('abort')
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort)
  try {
    for (;;) {
      const replied = once(worker, 'message')
      send('next')
      const [reply] = (await Promise.race([replied, failure])) as [EngineReply]
      if ('error' in reply) throw restoreError(reply.error)
      if ('done' in reply) return
      yield reply.event
    }
  } finally {
    signal?.removeEventListener('abort', abort)
    await worker.terminate()
  }
}
