import { availableParallelism } from 'node:os'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { type GraphModel, type GraphPort, sizeOf } from '../graph/index.ts'
import { releaseBuffer } from './release-buffer.ts'
import type { WorkMemory } from './work-memory.ts'

export type TensorData = Float32Array | BigInt64Array | Uint8Array

/** A dense tensor in row-major order. */
export interface HostTensor<Data extends TensorData = TensorData> {
  readonly data: Data
  readonly shape: readonly number[]
}

export interface SessionOptions {
  /** Threads inside one operation; 0, the default, takes all that the machine offers. */
  readonly threads?: number
  /**
   * Holds working memory for the next run; default true. Large tensors gain nothing from it, and each
   * session would hold its own.
   */
  readonly holdsMemory?: boolean
}

/** Lengths of dimensions, by the names that they bear in a graph. */
export type DimensionSizes = Readonly<Record<string, number>>

export interface RunOptions {
  /**
   * Memory for outputs that already have a place; it may be that of a feed of the same shape where
   * the graph reads it no later than it writes it.
   */
  readonly into?: Readonly<Record<string, HostTensor<Float32Array>>>
  /** Lengths of dimensions that no feed has. */
  readonly sizes?: DimensionSizes
  /**
   * Where the other outputs are taken from, to be given back by `releaseBuffer`, and for the time of
   * the run what the graph holds; by default outputs are new arrays.
   */
  readonly memory?: WorkMemory
}

/** One graph ready to run. Made once and used for every call, because sessions are costly to make. */
export interface Session {
  /**
   * Runs the graph; every output is a float32 tensor.
   *
   * Where the lengths of all outputs follow from those of the feeds, or from `sizes`, they are
   * written where they stay. Otherwise the binding copies them once more, those of `into` as well,
   * and all of them are new.
   */
  run(
    feeds: Readonly<Record<string, HostTensor>>,
    options?: RunOptions,
  ): Promise<Record<string, HostTensor<Float32Array>>>
  dispose(): Promise<void>
}

/**
 * Threads spin for the next operation within a run and sleep after it: every session has threads of
 * its own, and one that spins on takes a core from the session that runs next. A transposed factor
 * stays as a node of its own, because products of matrices as they lie are faster than transposing
 * within.
 */
const sessionSettings = {
  session: { force_spinning_stop: '1' },
  optimization: { disable_specified_optimizers: 'GemmTransposeFusion;MatmulTransposeFusion' },
}

/** Loads a graph into ONNX Runtime. */
export async function createSession(
  model: GraphModel,
  { threads = 0, holdsMemory = true }: SessionOptions = {},
): Promise<Session> {
  const session = await InferenceSession.create(model.bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads || availableParallelism(),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableMemPattern: false,
    enableCpuMemArena: holdsMemory,
    logSeverityLevel: 3,
    extra: sessionSettings,
  })
  return {
    async run(feeds, { into = {}, sizes = {}, memory } = {}) {
      const tensors: Record<string, Tensor> = {}
      for (const { name, tensor } of model.inputs) {
        const feed = feeds[name]
        if (!feed) throw new Error(`graph ${model.name} needs the input ${name}`)
        tensors[tensor] = toTensor(feed)
      }
      const known = knownSizes(model, feeds, sizes)
      const shapes = shapesOf(model.outputs, known)
      if (shapes === undefined) return runWithCopies(session, model, tensors, into)
      const take = (length: number) => memory?.take(length) ?? new Float32Array(length)
      const places = model.outputs.map(
        ({ name }, index) => into[name] ?? makeTensor(take, shapes[index]!),
      )
      const held = (memory && shapesOf(model.held, known)) ?? []
      const brought = held.map((shape) => makeTensor(take, shape))
      const ports = [...model.outputs, ...model.held.slice(0, held.length)]
      await runInPlace(session, model.end, tensors, ports, [...places, ...brought])
      for (const { data } of brought) releaseBuffer(data)
      return Object.fromEntries(model.outputs.map(({ name }, index) => [name, places[index]!]))
    },
    dispose: () => session.release(),
  }
}

type Outputs = Record<string, HostTensor<Float32Array>>

function knownSizes(
  { inputs }: GraphModel,
  feeds: Readonly<Record<string, HostTensor>>,
  sizes: DimensionSizes,
): ReadonlyMap<string, number> {
  const known = new Map(Object.entries(sizes))
  for (const { name, shape } of inputs) {
    shape.forEach((size, axis) => {
      if (typeof size === 'string') known.set(size, feeds[name]!.shape[axis]!)
    })
  }
  return known
}

/** Undefined where one of them is known only after the run. */
function shapesOf(
  ports: readonly GraphPort[],
  known: ReadonlyMap<string, number>,
): number[][] | undefined {
  const shapes = ports.map(({ type, shape }) =>
    type === 'float32' ? shape.map((size) => sizeOf(size, known)) : [undefined],
  )
  return shapes.some((shape) => shape.includes(undefined)) ? undefined : (shapes as number[][])
}

function makeTensor(
  take: (length: number) => Float32Array,
  shape: number[],
): HostTensor<Float32Array> {
  return { data: take(shape.reduce((product, size) => product * size, 1)), shape }
}

/**
 * The binding copies every output into new memory, even what was written in place, unless it fails
 * at one before: that of a kind that it cannot give. By then all of them are written.
 *
 * @param places memory for each of the ports
 */
async function runInPlace(
  session: InferenceSession,
  end: string,
  feeds: Record<string, Tensor>,
  ports: readonly GraphPort[],
  places: readonly HostTensor<Float32Array>[],
): Promise<void> {
  const fetches = ports.map(({ tensor }, index) => [tensor, toTensor(places[index]!)] as const)
  const run = session.run(feeds, { [end]: null, ...Object.fromEntries(fetches) })
  await run.catch((error) => {
    if (!(error instanceof Error) || error.message !== noTensorMessage) throw error
  })
}

const noTensorMessage = 'Non tensor type is temporarily not supported.'

async function runWithCopies(
  session: InferenceSession,
  { outputs }: GraphModel,
  feeds: Record<string, Tensor>,
  into: Readonly<Outputs>,
): Promise<Outputs> {
  const fetches = outputs.map(({ name, tensor }) => {
    const place = into[name]
    return [tensor, place ? toTensor(place) : null] as const
  })
  const results = await session.run(feeds, Object.fromEntries(fetches))
  const given: Outputs = {}
  for (const { name, tensor } of outputs) {
    const { data, dims } = results[tensor] as Tensor
    const place = into[name]
    if (place) releaseBuffer(data as Float32Array)
    given[name] = place ?? { data: data as Float32Array, shape: dims }
  }
  return given
}

function toTensor({ data, shape }: HostTensor): Tensor {
  const dims = shape as number[]
  if (data instanceof Float32Array) return new Tensor('float32', data, dims)
  if (data instanceof BigInt64Array) return new Tensor('int64', data, dims)
  return new Tensor('bool', data, dims)
}
