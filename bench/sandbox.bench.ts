/**
 * What does a trivial Python program cost in the sandbox, beside starting everything each time, and
 * does a long row of them leave anything behind?
 *
 *   npx tsx bench/sandbox.bench.ts [--programs 20000] [--out bench/results/FILE.md]
 *
 * For figures per core, run it on one: `taskset -c 0 npx tsx bench/sandbox.bench.ts`.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { parseArgs, promisify } from 'node:util'
import { createSandbox } from '../src/sandbox/index.ts'

const { values: options } = parseArgs({
  options: { programs: { type: 'string', default: '20000' }, out: { type: 'string' } },
})
const rounds = 7
const programsPerRound = 200
const startsPerRound = 20
const inARow = Number(options.programs)
/** Unit of the times in /proc/PID/stat, USER_HZ. */
const tickMs = 10
const execute = promisify(execFile)

const loadBefore = loadavg()
const sandbox = await createSandbox({ workers: 1 })
const ask = async (file: string, ...args: string[]) => (await execute(file, args)).stdout.trim()
const python = await ask('python3', '-c', 'import sys; print(sys.executable)')
const launcher = await ask('sh', '-c', 'command -v python3')
const isolated = ['--ro-bind', '/', '/', '--unshare-all', '--proc', '/proc', '--tmpfs', '/tmp']
const trivial = { language: 'python', source: 'pass' } as const

const sides: { name: string; count: number; run: () => Promise<unknown> }[] = [
  { name: 'sandbox.run, warm', count: programsPerRound, run: () => sandbox.run(trivial) },
  { name: 'python -c pass', count: startsPerRound, run: () => execute(python, ['-c', 'pass']) },
  {
    name: 'python -I -S -c pass',
    count: startsPerRound,
    run: () => execute(python, ['-I', '-S', '-c', 'pass']),
  },
  { name: 'bwrap true', count: startsPerRound, run: () => execute('bwrap', [...isolated, 'true']) },
  {
    name: 'bwrap python -c pass',
    count: startsPerRound,
    run: () => execute('bwrap', [...isolated, python, '-c', 'pass']),
  },
]
if (launcher !== python) {
  sides.push({
    name: "python -c pass, through the version manager's launcher",
    count: 5,
    run: () => execute(launcher, ['-c', 'pass']),
  })
}

const times = new Map<string, number[]>(sides.map(({ name }) => [name, []]))
for (let round = 0; round <= rounds; round++) {
  for (const { name, count, run } of sides) {
    const start = performance.now()
    for (let call = 0; call < count; call++) await run()
    // The first round warms up.
    if (round > 0) times.get(name)?.push((performance.now() - start) / count)
  }
}

interface Footprint {
  processes: number
  openFiles: number
  /** Of this process and of the servers, MiB. */
  residentNode: number
  residentServers: number
  temporaryFiles: number
}
const footprintNames: Record<keyof Footprint, string> = {
  processes: 'processes below this one',
  openFiles: 'open files of all of them',
  residentNode: 'resident memory of Node, MiB',
  residentServers: 'resident memory of the servers, MiB',
  temporaryFiles: 'own entries of the temporary folder',
}
const runMany = async (count: number) => {
  let failed = 0
  for (let call = 0; call < count; call++) {
    const { outcome } = await sandbox.run(trivial)
    if (outcome !== 'ok') failed += 1
  }
  return failed
}
await runMany(500)
const before = footprint()
const cpuBefore = cpuMs()
const start = performance.now()
let failed = await runMany(Math.ceil(inARow / 2))
const middle = footprint()
failed += await runMany(Math.floor(inARow / 2))
const rowMs = performance.now() - start
const after = footprint()
const cpuAfter = cpuMs()
const cpuEach = (part: keyof CpuTimes) => ((cpuAfter[part] - cpuBefore[part]) / inARow).toFixed(2)

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const report = `# Sandbox: what a trivial program costs

- commit ${await ask('git', 'rev-parse', '--short', 'HEAD')}, ${new Date().toISOString().slice(0, 10)}
- ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${await ask('uname', '-r')}
- Node ${process.version}, Python ${sandbox.pythonVersion}, ${await ask('bwrap', '--version')}
- one worker, isolation ${sandbox.isolation}, memory limit per ${sandbox.memoryLimit}
- load average before: ${loadBefore.map((load) => load.toFixed(2)).join(' ')}, after: ${loadavg()
  .map((load) => load.toFixed(2))
  .join(' ')}
- command: \`npx tsx bench/sandbox.bench.ts --programs ${inARow}\`, allowed cores: ${allowedCores()}

Sides interleaved, ${rounds} rounds of ${programsPerRound} programs or ${startsPerRound} starts (5 through the launcher) after one to warm up.

| | median, ms | fastest round, ms | a second |
|---|---|---|---|
${[...times]
  .map(([name, values]) => {
    const usual = median(values)
    return `| ${name} | ${usual.toFixed(2)} | ${Math.min(...values).toFixed(2)} | ${(1000 / usual).toFixed(0)} |`
  })
  .join('\n')}

${inARow} programs in a row: ${(rowMs / 1000).toFixed(1)} s, ${((inARow * 1000) / rowMs).toFixed(0)} a second, ${failed} failed.
CPU time of each, which does not depend on the load: ${cpuEach('all')} ms (Node ${cpuEach('node')}, server ${cpuEach('server')}, programs ${cpuEach('programs')}).

| | before | after half of them | after all |
|---|---|---|---|
${Object.keys(before)
  .map((key) => {
    const name = key as keyof Footprint
    return `| ${footprintNames[name]} | ${before[name]} | ${middle[name]} | ${after[name]} |`
  })
  .join('\n')}
`
console.log(report)
if (options.out !== undefined) writeFileSync(options.out, report)
await sandbox.dispose()

function footprint(): Footprint {
  const tree = descendants()
  return {
    processes: tree.length,
    openFiles: [process.pid, ...tree].reduce((sum, pid) => sum + count(`/proc/${pid}/fd`), 0),
    residentNode: resident(process.pid),
    residentServers: tree.reduce((sum, pid) => sum + resident(pid), 0),
    temporaryFiles: readdirSync(tmpdir()).filter((name) =>
      name.startsWith(`reflectioncoder-${process.pid}-`),
    ).length,
  }
}

interface CpuTimes {
  all: number
  node: number
  server: number
  programs: number
}

/** CPU time so far, ms; the programs are the children that their server has waited for. */
function cpuMs(): CpuTimes {
  const { user, system } = process.cpuUsage()
  const node = (user + system) / 1000
  let [server, programs] = [0, 0]
  for (const pid of descendants()) {
    const stat = read(`/proc/${pid}/stat`)
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const [own = 0, ownSystem = 0, children = 0, childrenSystem = 0] = fields.slice(11, 15)
    server += (own + ownSystem) * tickMs
    programs += (children + childrenSystem) * tickMs
  }
  return { all: node + server + programs, node, server, programs }
}

function allowedCores(): string {
  return /^Cpus_allowed_list:\s*(\S+)/m.exec(read('/proc/self/status'))?.[1] ?? '?'
}

function resident(pid: number): number {
  return Math.round(Number(/^VmRSS:\s*(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024)
}

function descendants(): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), read(`/proc/${name}/status`)] as const)
    .map(([pid, status]) => [pid, Number(/^PPid:\s*(\d+)/m.exec(status)?.[1] ?? 0)] as const)
  const found = [process.pid]
  for (const pid of found) {
    for (const [child, parent] of parents) if (parent === pid) found.push(child)
  }
  return found.slice(1)
}

function count(folder: string): number {
  try {
    return readdirSync(folder).length
  } catch {
    return 0
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
