import { availableParallelism } from 'node:os'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { GraphModel } from '../graph/index.ts'
import { releaseBuffer } from './release-buffer.ts'

export type TensorData = Float32Array | BigInt64Array | Uint8Array

/** A dense tensor in row-major order. */
export interface HostTensor<Data extends TensorData = TensorData> {
  readonly data: Data
  readonly shape: readonly number[]
}

export interface SessionOptions {
  /** Threads inside one operation; default all that the machine offers. */
  readonly threads?: number
  /**
   * Holds working memory for the next run; default true. Large tensors gain nothing from it, and each
   * session would hold its own.
   */
  readonly holdsMemory?: boolean
}

/** One graph ready to run. Made once and used for every call, because sessions are costly to make. */
export interface Session {
  /**
   * Runs the graph; every output is a new float32 tensor, or in `into`, where those of a graph that
   * works in place all have to be.
   *
   * @param into memory for outputs that already have a place; it may be that of a feed of the same
   * shape where the graph reads it no later than it writes it
   */
  run(
    feeds: Readonly<Record<string, HostTensor>>,
    into?: Readonly<Record<string, HostTensor<Float32Array>>>,
  ): Promise<Record<string, HostTensor<Float32Array>>>
  dispose(): Promise<void>
}

/** Loads a graph into ONNX Runtime. */
export async function createSession(
  model: GraphModel,
  { threads = availableParallelism(), holdsMemory = true }: SessionOptions = {},
): Promise<Session> {
  const session = await InferenceSession.create(model.bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableMemPattern: false,
    enableCpuMemArena: holdsMemory,
    logSeverityLevel: 3,
  })
  return {
    async run(feeds, into = {}) {
      const tensors: Record<string, Tensor> = {}
      for (const { name, tensor } of model.inputs) {
        const feed = feeds[name]
        if (!feed) throw new Error(`graph ${model.name} needs the input ${name}`)
        tensors[tensor] = toTensor(feed)
      }
      if (model.end !== undefined) return runInPlace(session, model, tensors, into)
      const fetches = model.outputs.map(({ name, tensor }) => {
        const place = into[name]
        return [tensor, place ? toTensor(place) : null] as const
      })
      const results = await session.run(tensors, Object.fromEntries(fetches))
      const outputs: Record<string, HostTensor<Float32Array>> = {}
      for (const { name, tensor } of model.outputs) {
        const { data, dims } = results[tensor] as Tensor
        const place = into[name]
        // ONNX Runtime's binding copies even what was written in place.
        if (place) releaseBuffer(data as Float32Array)
        outputs[name] = place ?? { data: data as Float32Array, shape: dims }
      }
      return outputs
    },
    dispose: () => session.release(),
  }
}

/**
 * The binding copies every output into new memory, even what was written in place, unless it fails
 * at one before: that of a kind that it cannot give. By then all of them are written.
 */
async function runInPlace(
  session: InferenceSession,
  { name, outputs, end }: GraphModel,
  feeds: Record<string, Tensor>,
  into: Readonly<Record<string, HostTensor<Float32Array>>>,
): Promise<Record<string, HostTensor<Float32Array>>> {
  const places = outputs.map(({ name: output, tensor }) => {
    const place = into[output]
    if (!place) throw new Error(`graph ${name} needs a place for the output ${output}`)
    return [tensor, toTensor(place)] as const
  })
  await session.run(feeds, { [end!]: null, ...Object.fromEntries(places) }).catch((error) => {
    if (!(error instanceof Error) || error.message !== noTensorMessage) throw error
  })
  return { ...into }
}

const noTensorMessage = 'Non tensor type is temporarily not supported.'

function toTensor({ data, shape }: HostTensor): Tensor {
  const dims = shape as number[]
  if (data instanceof Float32Array) return new Tensor('float32', data, dims)
  if (data instanceof BigInt64Array) return new Tensor('int64', data, dims)
  return new Tensor('bool', data, dims)
}
