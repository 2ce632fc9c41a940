/**
 * Does synthesis keep a slow and faulty endpoint busy, what does it add to each round, does its
 * memory stay flat, and does it survive being killed?
 *
 *   npx tsx bench/synth.bench.ts throughput|overhead|memory|assembly|kills
 */
import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createRandom } from '../src/core/index.ts'
import { assembleOutput } from '../src/stages/synth/assemble-output.ts'
import { type SynthOptions, synthesise, synthOptionsSchema } from '../src/stages/synth/index.ts'
import { openJournal } from '../src/stages/synth/journal.ts'
import { encodeSignature, minHash } from '../src/stages/synth/keep/min-hash.ts'
import {
  additionTask,
  additionTeacher,
  type ServerFault,
  startTeacherServer,
} from '../src/stages/synth/teachers/teacher-server.fixture.ts'

const self = fileURLToPath(import.meta.url)
const mode = process.argv[2] ?? 'overhead'
const size = (fallback: number) => Number(process.argv[3] ?? fallback)

interface ServerPlan {
  latencyMs: number
  /** Share of calls that fail: 429, 500, reset and stall in equal parts. */
  faults: number
  wrongRounds: number
  /** One instruction in so many goes all the way, the others end at their first reply. */
  wholeEvery: number
}

interface ServerReport {
  served: number
  twice: number
  faults: Record<string, number>
  mostInFlight: number
  /** Milliseconds from the first request to the last reply. */
  spanMs: number
}

if (mode === 'server') await serve(JSON.parse(process.argv[3] as string) as ServerPlan)
else if (mode === 'child') {
  await synthesise(JSON.parse(process.argv[3] as string) as SynthOptions)
} else {
  const folder = mkdtempSync(join(tmpdir(), 'synth-bench-'))
  console.log(
    `${new Date().toISOString()} load ${loadavg()
      .map((x) => x.toFixed(1))
      .join(' ')}, ${cpus().length} cores, Node ${process.version}`,
  )
  try {
    if (mode === 'throughput') await measureThroughput(folder)
    if (mode === 'overhead') await measureOverhead(folder)
    if (mode === 'memory') await measureMemory(folder)
    if (mode === 'assembly') await measureAssembly(folder)
    if (mode === 'kills') await measureKills(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function serve(plan: ServerPlan): Promise<void> {
  const random = createRandom(11, 'faults')
  const kinds: ServerFault[] = ['429', '500', 'reset', 'stall']
  const solve = additionTeacher(plan.wrongRounds)
  let first = 0
  let last = 0
  const server = await startTeacherServer({
    latencyMs: plan.latencyMs,
    retryAfter: '1',
    fault: () => (random.float() < plan.faults ? random.pick(kinds) : undefined),
    respond(asked) {
      last = performance.now()
      first ||= last - plan.latencyMs
      const n = Number(/add_(\d+)\(x\)/.exec(asked.messages[1]?.content ?? '')?.[1] ?? 0)
      return n % plan.wholeEvery === 0 ? solve(asked) : { text: 'I add the number.' }
    },
  })
  process.send?.(server.baseUrl)
  process.on('message', () => {
    const counts = [...server.served.values()]
    process.send?.({
      served: counts.reduce((sum, count) => sum + count, 0),
      twice: counts.filter((count) => count > 1).length,
      faults: server.faults,
      mostInFlight: server.counts.mostInFlight,
      spanMs: last - first,
    } satisfies ServerReport)
  })
  process.on('disconnect', () => process.exit(0))
}

async function startServer(plan: Partial<ServerPlan>) {
  const whole: ServerPlan = { latencyMs: 0, faults: 0, wrongRounds: 2, wholeEvery: 1, ...plan }
  const child: ChildProcess = fork(self, ['server', JSON.stringify(whole)], {
    execArgv: ['--import', 'tsx'],
  })
  const next = <T>() =>
    new Promise<T>((resolve) => child.once('message', (value) => resolve(value as T)))
  const baseUrl = await next<string>()
  return {
    baseUrl,
    report: () => {
      child.send('report')
      return next<ServerReport>()
    },
    stop: () => child.disconnect(),
  }
}

function writeTasks(folder: string, count: number): string {
  const path = join(folder, 'tasks.txt')
  const lines = Array.from({ length: count }, (_, index) => `${additionTask(index + 100)}\n`)
  writeFileSync(path, lines.join(''))
  return path
}

function optionsFor(folder: string, baseUrl: string, more: Partial<SynthOptions>): SynthOptions {
  return synthOptionsSchema.parse({
    teacher: 'endpoint:bench',
    baseUrl,
    apiKeyEnv: 'NO_KEY_IS_NEEDED',
    out: join(folder, 'dialogs.jsonl'),
    nearDuplicates: 1,
    ...more,
  })
}

async function measureThroughput(folder: string): Promise<void> {
  const concurrency = Number(process.argv[4] ?? 16)
  const latencyMs = 200
  const server = await startServer({ latencyMs, faults: 0.01 })
  const instructions = writeTasks(folder, size(2000))
  const started = performance.now()
  const summary = await synthesise(
    optionsFor(folder, server.baseUrl, { instructions, concurrency }),
  )
  const wallMs = performance.now() - started
  const report = await server.report()
  server.stop()
  const possible = (concurrency * 1000) / latencyMs
  const reached = (report.served * 1000) / report.spanMs
  console.log(
    `instructions ${size(2000)}, kept ${summary.kept}, rounds ${JSON.stringify(summary.rounds)}, dropped ${JSON.stringify(summary.dropped)}`,
  )
  console.log(
    `calls served ${report.served}, of them a second time ${report.twice}; faults ${JSON.stringify(report.faults)}`,
  )
  console.log(`calls in flight at most ${report.mostInFlight} (allowed ${concurrency})`)
  console.log(
    `possible ${possible.toFixed(1)} calls/s, reached ${reached.toFixed(1)} = ${((100 * reached) / possible).toFixed(1)} %; wall ${(wallMs / 1000).toFixed(1)} s with start and checks`,
  )
}

async function measureOverhead(folder: string): Promise<void> {
  const count = size(300)
  const warm = Math.ceil(count / 5)
  const server = await startServer({ latencyMs: 5 })
  const instructions = writeTasks(folder, count)
  let before: NodeJS.CpuUsage | undefined
  let cpuMs = 0
  await synthesise(optionsFor(folder, server.baseUrl, { instructions, concurrency: 2 }), {
    progress: {
      start: () => ({
        update(done) {
          if (done === warm) before = process.cpuUsage()
          if (done !== count || !before) return
          const { user, system } = process.cpuUsage(before)
          cpuMs = (user + system) / 1000
        },
        finish: () => {},
      }),
    },
  })
  const report = await server.report()
  server.stop()
  const rounds = (count - warm) * 3
  console.log(
    `${count} instructions of 3 rounds, ${report.served} calls; the first ${warm} warm up`,
  )
  console.log(
    `CPU time of our own process a round: ${(cpuMs / rounds).toFixed(2)} ms (HTTP client, cache, journal, prompts and checks; not the programs, nor the server)`,
  )
}

async function measureMemory(folder: string): Promise<void> {
  const count = size(100_000)
  const server = await startServer({ wholeEvery: 10, wrongRounds: 0 })
  const instructions = writeTasks(folder, count)
  const watch = watchMemory(count)
  const options = optionsFor(folder, server.baseUrl, {
    instructions,
    checkTests: false,
    nearDuplicates: 0.7,
    concurrency: 16,
  })
  const summary = await synthesise(options, {
    progress: { start: () => ({ update: watch, finish: () => {} }) },
  })
  const { maxRSS } = process.resourceUsage()
  server.stop()
  console.log(
    `kept ${summary.kept}, dropped ${JSON.stringify(summary.dropped)}; peak with writing the output ${(maxRSS / 1024).toFixed(0)} MiB`,
  )
}

/** Writing the output when every instruction was kept: all are compared with all. */
async function measureAssembly(folder: string): Promise<void> {
  const count = size(100_000)
  const options = optionsFor(folder, 'http://localhost:1/v1', {
    instructions: 'none',
    nearDuplicates: 0.7,
  })
  const journal = await openJournal(`${options.out}.journal`, 'bench', true)
  const random = createRandom(3, 'words')
  const words = (length: number) =>
    Array.from({ length }, () => `w${Math.floor(random.float() * 5000)}`).join(' ')
  for (let index = 0; index < count; index += 500) {
    const entries = Array.from({ length: 500 }, (_, at) => {
      const [question, answer] = [words(40), words(60)]
      const block = (content: string) => [{ type: 'text' as const, content }]
      const messages = [
        { role: 'user' as const, content: block(question) },
        { role: 'assistant' as const, content: block(answer) },
      ]
      return journal.append({
        index: index + at,
        id: `i-${index + at}`,
        outcome: { kept: true, dialog: { messages, type: 'reflection' }, rounds: 1 },
        signatures: [question, answer].map((text) => encodeSignature(minHash(text))),
      })
    })
    await Promise.all(entries)
  }
  const watch = watchMemory(count)
  const counting: typeof journal = {
    ...journal,
    read(index) {
      watch(index + 1)
      return journal.read(index)
    },
  }
  const { kept } = await assembleOutput(counting, count, options)
  const { maxRSS } = process.resourceUsage()
  await journal.close()
  console.log(`kept ${kept}; peak ${(maxRSS / 1024).toFixed(0)} MiB`)
}

/** Resident memory without the pages of files, which LevelDB maps and the system may take back. */
function readAnonymous(): number {
  const status = readFileSync('/proc/self/status', 'utf8')
  return Number(/RssAnon:\s*(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024
}

/** Says at each tenth what is resident, and what is left in the heap after a collection. */
function watchMemory(count: number): (done: number) => void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const started = performance.now()
  let nextAt = count / 10
  return (done) => {
    if (done < nextAt) return
    nextAt += count / 10
    const { rss } = process.memoryUsage()
    const anonymous = readAnonymous()
    collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`
    console.log(
      `${done}: resident ${mebibytes(rss)}, of it not of files ${mebibytes(anonymous)}, heap after collection ${mebibytes(heapUsed)}, buffers ${mebibytes(arrayBuffers)}, ${((performance.now() - started) / 1000).toFixed(0)} s`,
    )
  }
}

async function measureKills(folder: string): Promise<void> {
  const kills = size(50)
  const server = await startServer({ latencyMs: 20, faults: 0.01, wrongRounds: 1 })
  const instructions = writeTasks(folder, 120)
  const settings = { instructions, concurrency: 8, record: undefined }
  const whole = optionsFor(folder, server.baseUrl, {
    ...settings,
    out: join(folder, 'whole.jsonl'),
  })
  await synthesise(whole)
  const expected = hashOf(whole.out)
  const random = createRandom(5, 'kills')
  let killed = 0
  let ended = 0
  let identical = 0
  for (let run = 0; killed < kills; run++) {
    const out = join(folder, `run-${run}.jsonl`)
    const options = { ...optionsFor(folder, server.baseUrl, settings), out, resume: true }
    for (let done = false; !done; ) {
      const child = fork(self, ['child', JSON.stringify(options)], {
        execArgv: ['--import', 'tsx'],
        stdio: 'ignore',
      })
      const exit = new Promise<number | null>((resolve) =>
        child.on('exit', (code) => resolve(code)),
      )
      const timer =
        killed < kills
          ? setTimeout(() => child.kill('SIGKILL'), 600 + random.float() * 2500)
          : undefined
      const code = await exit
      clearTimeout(timer)
      if (code === null) killed += 1
      else if (code !== 0) throw new Error(`the run ended with status ${code}`)
      else done = true
    }
    ended += 1
    if (hashOf(out) === expected && hashOf(`${out}.summary.json`) !== '') identical += 1
  }
  const report = await server.report()
  server.stop()
  console.log(
    `killed ${killed} times; ${ended} runs came to their end, ${identical} of them with the bytes of the uninterrupted run`,
  )
  console.log(`calls served ${report.served}, faults ${JSON.stringify(report.faults)}`)
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
