import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startRedis } from '../../../../test/redis-server.fixture.ts'
import { readRedisVersion } from '../../../core/index.ts'
import { type SynthOptions, synthOptionsSchema } from '../options.ts'
import { synthesise } from '../synthesise.ts'
import {
  additionTask,
  additionTeacher,
  startTeacherServer,
  type TeacherServer,
} from '../teachers/teacher-server.fixture.ts'
import { serveSynthesis } from './serve-synthesis.ts'

let redis: Awaited<ReturnType<typeof startRedis>>
let server: TeacherServer
let folder: string
let workers: ChildProcess[]
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())
beforeEach(async () => {
  workers = []
  folder = await mkdtemp(join(tmpdir(), 'queue-'))
  server = await startTeacherServer({ respond: additionTeacher(1), latencyMs: 30 })
})
afterEach(async () => {
  for (const worker of workers) worker.kill('SIGKILL')
  await server.close()
  await rm(folder, { recursive: true })
})

async function optionsFor(name: string, count: number, more: Partial<SynthOptions> = {}) {
  const instructions = join(folder, 'tasks.txt')
  const lines = Array.from({ length: count }, (_, index) => `${additionTask(index + 40)}\n`)
  await writeFile(instructions, lines.join(''))
  return synthOptionsSchema.parse({
    instructions,
    teacher: 'endpoint:m',
    baseUrl: server.baseUrl,
    apiKeyEnv: 'TEST_TEACHER_KEY',
    out: join(folder, `${name}.jsonl`),
    concurrency: 2,
    nearDuplicates: 1,
    ...more,
  })
}

const main = fileURLToPath(new URL('../../../app/cli/main.ts', import.meta.url))
const startWorker = (address: string) => {
  const flags = ['--queue', address, '--concurrency', '2', '--lease-ms', '1500']
  const worker = spawn(process.execPath, ['--import', 'tsx', main, 'worker', ...flags], {
    stdio: 'ignore',
  })
  workers.push(worker)
  return worker
}

const read = (name: string) => readFile(join(folder, `${name}.jsonl`), 'utf8')

/** By the prices of 1 and 10 for a million tokens. */
const costOfServed = () => (server.counts.inputTokens + 10 * server.counts.outputTokens) / 1e6

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('many workers', () => {
  it('write what one process writes, though one of them is killed in the middle', async () => {
    await synthesise(await optionsFor('alone', 10))
    const before = server.counts.requests
    expect(before).toBe(40)
    const first = startWorker(redis.address)
    const work = synthesise(await optionsFor('queued', 10, { queue: redis.address }))
    await until(() => server.counts.requests >= before + 7)
    first.kill('SIGKILL')
    startWorker(redis.address)
    const summary = await work
    expect(await read('queued')).toBe(await read('alone'))
    expect(summary).toMatchObject({ kept: 10, spent: { calls: 40 } })
    // The other worker found the replies of the dead one; only those in flight were lost.
    expect(server.counts.requests - before).toBeLessThanOrEqual(40 + 3)
  })

  it('finish what they have begun when they are told to stop, and hand errors on', async () => {
    const controller = new AbortController()
    const worker = serveSynthesis(
      { queue: redis.address, concurrency: 1, leaseMs: 5000 },
      { signal: controller.signal },
    )
    const options = await optionsFor('out', 3, { queue: redis.address })
    const stop = new AbortController()
    const progress = { start: () => ({ update: () => stop.abort(), finish: () => {} }) }
    await expect(synthesise(options, { signal: stop.signal, progress })).rejects.toMatchObject({
      code: 'RC_INTERRUPTED',
    })
    expect(await synthesise(options)).toMatchObject({ kept: 3 })
    expect(server.counts.requests).toBe(12)
    await server.close()
    server = await startTeacherServer({ respond: additionTeacher(), key: 'another' })
    const refused = await optionsFor('refused', 1, { queue: redis.address })
    await expect(synthesise(refused)).rejects.toMatchObject({
      code: 'RC_TEACHER_KEY_REFUSED',
      status: 2,
    })
    controller.abort()
    expect(await worker).toEqual({ done: 3 })
  })

  it('keep within the budget together, and go on when it is raised', async () => {
    const controllers = [new AbortController(), new AbortController()]
    const workers = controllers.map(({ signal }) =>
      serveSynthesis({ queue: redis.address, concurrency: 3, leaseMs: 5000 }, { signal }),
    )
    const bounds = { inputPrice: 1, outputPrice: 10, maxTokens: 200, queue: redis.address }
    const options = await optionsFor('bounded', 12, { ...bounds, maxCost: 0.015 })
    const summary = await synthesise(options)
    expect(summary.stoppedBy).toBe('maxCost')
    expect(summary.kept).toBeLessThan(12)
    expect(costOfServed()).toBeLessThanOrEqual(0.015)
    expect(summary.cost).toBeCloseTo(costOfServed(), 9)
    expect(summary.spent?.calls).toBe(server.counts.requests)
    expect(summary.spentOn?.unfinished?.calls).toBe(server.counts.requests - 4 * summary.kept)
    // Not stopped long before either: a call costs 0.004 at most, and some 0.001.
    expect(costOfServed()).toBeGreaterThan(0.009)
    const rest = await synthesise({ ...options, maxCost: 1, resume: true })
    expect(rest).toMatchObject({ kept: 12, spent: { calls: 48 } })
    expect(server.counts.requests).toBe(48)
    expect(costOfServed()).toBeCloseTo(rest.cost ?? 0, 9)
    for (const controller of controllers) controller.abort()
    await Promise.all(workers)
  })

  it('end by themselves when there is no work', async () => {
    const options = { queue: redis.address, concurrency: 1, leaseMs: 5000, exitWhenIdle: 0.2 }
    expect(await serveSynthesis(options)).toEqual({ done: 0 })
  })
})

describe('a queue that cannot be used', () => {
  it('is named, without its password', async () => {
    await expect(readRedisVersion('redis://me:secret@127.0.0.1:1')).rejects.toMatchObject({
      code: 'RC_QUEUE_UNREACHABLE',
      message: expect.stringMatching(
        /^the queue redis:\/\/127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/,
      ),
    })
    await expect(readRedisVersion('localhost')).rejects.toMatchObject({ code: 'RC_BAD_QUEUE' })
    expect(await readRedisVersion(redis.address)).toMatch(/^\d+\.\d+/)
  })
})
