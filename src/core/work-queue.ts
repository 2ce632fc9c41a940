import type { Job, Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { InputError, InterruptedError, ReflectionCoderError } from './errors.ts'
import { openLedger, type SharedLedger } from './shared-ledger.ts'

/** Gives work to whoever takes it from a Redis queue; it knows nothing of what the work is. */
export interface WorkGiver {
  /**
   * Gives out a piece of work and waits for its result. The same id given out again, by this process
   * or a later one, is the same piece: it is not done twice while its result is remembered.
   */
  submit(id: string, payload: unknown): Promise<unknown>
  /** Forgets a result that has been written down. */
  forget(id: string): Promise<void>
  /** Takes back what nobody has begun; its `submit` fails with `RC_INTERRUPTED`. */
  takeBack(): Promise<void>
  readonly store: SharedStore
  close(): Promise<void>
}

/** Values that all workers see; each is forgotten some days after it was put. */
export interface SharedStore {
  get(key: string): Promise<unknown>
  put(key: string, value: unknown): Promise<void>
  /** Amounts that all workers add to. */
  ledger(key: string): SharedLedger
}

export interface WorkTaker {
  readonly store: SharedStore
  /** Resolves when no work has come for so long; never without a time. */
  idle(afterMs: number | undefined): Promise<void>
  /** Finishes what is in work and takes no more. */
  close(): Promise<void>
}

export interface WorkTakerOptions {
  /** Pieces of work at one time. */
  concurrency: number
  /** A worker that has not been heard of for so long is taken for dead, and its work given to another. */
  leaseMs: number
}

const storePrefix = 'reflectioncoder:'
const storedSeconds = 7 * 24 * 3600
const rememberedSeconds = 24 * 3600

/**
 * Connects to a Redis server as one who gives work.
 *
 * @throws `RC_BAD_QUEUE`, `RC_QUEUE_UNREACHABLE`
 */
export async function openWorkGiver(address: string, name: string): Promise<WorkGiver> {
  const { Queue: BullQueue, QueueEvents } = await import('bullmq')
  const connection = await connect(address)
  const eventConnection = await connect(address)
  const queue: Queue = new BullQueue(name, { connection })
  const events = new QueueEvents(name, { connection: eventConnection })
  for (const emitter of [queue, events]) emitter.setMaxListeners(0)
  ignoreErrors(queue, events)
  await events.waitUntilReady()
  const pending = new Map<string, (error: Error) => void>()
  return {
    store: openStore(connection),
    async submit(id, payload) {
      const options = {
        jobId: id,
        removeOnComplete: { age: rememberedSeconds },
        removeOnFail: true,
      }
      const job: Job = await queue.add('work', payload, options)
      const takenBack = new Promise<never>((_, reject) => pending.set(id, reject))
      try {
        const done = job.waitUntilFinished(events).catch((error: Error) => {
          throw readFailure(error.message)
        })
        return await Promise.race([done, takenBack])
      } finally {
        pending.delete(id)
      }
    },
    async forget(id) {
      await queue.remove(id)
    },
    async takeBack() {
      for (const [id, reject] of [...pending]) {
        const removed = await queue.remove(id).catch(() => 0)
        if (removed === 1) reject(new InterruptedError())
      }
    },
    async close() {
      await events.close()
      await queue.close()
      connection.disconnect()
      eventConnection.disconnect()
    },
  }
}

/**
 * Connects to a Redis server and works through what is given out there.
 *
 * @throws `RC_BAD_QUEUE`, `RC_QUEUE_UNREACHABLE`
 */
export async function openWorkTaker(
  address: string,
  name: string,
  work: (payload: unknown, store: SharedStore) => Promise<unknown>,
  { concurrency, leaseMs }: WorkTakerOptions,
): Promise<WorkTaker> {
  const { Worker } = await import('bullmq')
  const connection = await connect(address)
  const blocking = await connect(address)
  const store = openStore(connection)
  let active = 0
  let lastAt = Date.now()
  const perform = async (job: Job): Promise<unknown> => {
    active += 1
    try {
      return await work(job.data, store)
    } catch (error) {
      throw new Error(renderFailure(error))
    } finally {
      active -= 1
      lastAt = Date.now()
    }
  }
  const worker = new Worker(name, perform, {
    connection: blocking,
    concurrency,
    lockDuration: leaseMs,
    stalledInterval: Math.ceil(leaseMs / 2),
    // A piece of work that survives so many deaths of its workers is their cause.
    maxStalledCount: 20,
  })
  ignoreErrors(worker)
  return {
    store,
    idle: (afterMs) =>
      new Promise((resolve) => {
        if (afterMs === undefined) return
        const timer = setInterval(() => {
          if (active > 0 || Date.now() - lastAt < afterMs) return
          clearInterval(timer)
          resolve()
        }, 100)
        worker.on('closed', () => clearInterval(timer))
      }),
    async close() {
      await worker.close()
      connection.disconnect()
      blocking.disconnect()
    },
  }
}

/** Version of the server. @throws `RC_BAD_QUEUE`, `RC_QUEUE_UNREACHABLE` */
export async function readRedisVersion(address: string): Promise<string> {
  const connection = await connect(address)
  try {
    const found = /redis_version:(\S+)/.exec(await connection.info('server'))
    return found?.[1] ?? 'unknown'
  } finally {
    connection.disconnect()
  }
}

async function connect(address: string): Promise<Redis> {
  if (!/^rediss?:\/\//.test(address)) {
    throw new InputError(
      `the queue ${withoutPassword(address)} is none: expected redis://HOST:PORT`,
      {
        code: 'RC_BAD_QUEUE',
        hint: 'Give for example redis://localhost:6379.',
      },
    )
  }
  const { Redis: RedisClient } = await import('ioredis')
  const connection = new RedisClient(address, { maxRetriesPerRequest: null, lazyConnect: true })
  let fault = 'no answer'
  connection.on('error', (error) => {
    fault = error.message || String((error as { code?: string }).code)
  })
  const timeout = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Error(fault)), connectMs)
    connection.once('ready', () => clearTimeout(timer))
  })
  await Promise.race([connection.connect(), timeout]).catch((cause: Error) => {
    connection.disconnect()
    throw new ReflectionCoderError(
      `the queue ${withoutPassword(address)} cannot be reached: ${fault === 'no answer' ? cause.message : fault}`,
      {
        code: 'RC_QUEUE_UNREACHABLE',
        hint: 'Check the address, and that the server runs: apt-get install redis-server && redis-server.',
      },
    )
  })
  return connection
}

const connectMs = 5000

function withoutPassword(address: string): string {
  return address.replace(/\/\/[^@/]*@/, '//')
}

/** Connections come back by themselves; what fails for good fails the call that needs it. */
function ignoreErrors(...emitters: { on(event: 'error', listener: () => void): unknown }[]): void {
  for (const emitter of emitters) emitter.on('error', () => {})
}

function openStore(connection: Redis): SharedStore {
  return {
    async get(key) {
      const text = await connection.get(storePrefix + key)
      return text === null ? undefined : JSON.parse(text)
    },
    async put(key, value) {
      await connection.set(storePrefix + key, JSON.stringify(value), 'EX', storedSeconds)
    },
    ledger: (key) => openLedger(connection, storePrefix + key),
  }
}

/** An error on its way through the queue. */
function renderFailure(error: unknown): string {
  const { message, code, hint, status } = error as Partial<ReflectionCoderError>
  return JSON.stringify({ message: message ?? String(error), code, hint, status })
}

function readFailure(text: string): Error {
  let failure: Partial<ReflectionCoderError> = { message: text }
  try {
    failure = JSON.parse(text)
  } catch {
    // BullMQ's own words, such as a job that stalled too often.
  }
  const { message = text, code = 'RC_WORKER_FAILED', hint, status } = failure
  return new ReflectionCoderError(`a worker: ${message}`, {
    code,
    ...(hint === undefined ? {} : { hint }),
    ...(status === undefined ? {} : { status }),
  })
}
