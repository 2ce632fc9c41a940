import { spawn, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { createTreeMemory } from './process-tree.ts'

// How long do whole evaluations take, and how much memory, beside EvalPlus? Both sides judge the
// same samples by turns: EvalPlus with as many workers as there are cores, ours with its default.
//
//   npm run build
//   npx tsx bench/eval.bench.ts --data DIR --samples DIR [--evalplus PYTHON] [--rounds 1]
//     [--evalplus-cache DIR] [--sets humaneval,mbpp] [--modes warm,skip,cold,load] [--out FILE.md]
//     [--only TASK,TASK]
//
// DIR of the samples holds MODEL/BENCHMARK.jsonl; PYTHON has EvalPlus (python -m evalplus.evaluate);
// DIR of the cache (XDG_CACHE_HOME) holds EvalPlus's ground truth already, for warm runs. The mode load keeps
// every core busy four times over while ours judges, and compares its verdicts with those of warm.
// With --only both sides judge these tasks alone, to try the bench itself, or with all whatever
// problems the files of --data hold, such as those of eval_variants.py.

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    samples: { type: 'string' },
    models: { type: 'string', default: 'ds-6.7b,cl-7b' },
    evalplus: { type: 'string' },
    'evalplus-cache': { type: 'string' },
    rounds: { type: 'string', default: '1' },
    sets: { type: 'string', default: 'humaneval,mbpp' },
    modes: { type: 'string', default: 'warm,skip,cold' },
    out: { type: 'string' },
    only: { type: 'string' },
  },
})
if (options.data === undefined || options.samples === undefined) {
  throw new Error('give --data and --samples')
}
const [data, samples] = [options.data, options.samples]
const models = options.models.split(',')
const only = options.only === undefined ? undefined : new Set(options.only.split(','))
const cores = cpus().length
const evalPlusFiles = { humaneval: 'HumanEvalPlus.jsonl', mbpp: 'MbppPlus.jsonl' }

/** What was seen of one run. */
interface Run {
  wall: number
  memory: number
  /** Seconds that programs were charged for; ours alone. */
  charged?: number
  scores: string
  /** Statuses of base and plus by task, one entry a sample. */
  statuses: Map<string, string[]>
}

const sides = ['ours', ...(options.evalplus === undefined ? [] : ['EvalPlus'])] as const
const runs = new Map<string, Run[]>()
const folder = await mkdtemp(join(tmpdir(), 'eval-bench-'))
const load = loadavg()[0] as number
try {
  await writeProblems()
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const set of options.sets.split(',')) {
      // What both sides keep of references is filled before they are timed.
      const warms = options.modes.split(',').some((mode) => mode !== 'cold') && round === 0
      for (const side of warms ? sides : []) {
        if (side === 'EvalPlus' && options['evalplus-cache'] !== undefined) continue
        await runSide(side, set, models[0] as string, 'warm')
      }
      // Runs that are compared stand next to each other: the speed of a machine moves.
      for (const model of models) {
        for (const mode of options.modes.split(',')) {
          for (const side of sides) {
            if (side === 'EvalPlus' && (mode === 'skip' || mode === 'load')) continue
            const run = await runSide(side, set, model, mode)
            const key = `${set} ${mode} ${model} ${side}`
            runs.set(key, [...(runs.get(key) ?? []), run])
            const { statuses, ...figures } = run
            console.error(key, JSON.stringify(figures), `load ${loadavg()[0]?.toFixed(1)}`)
          }
        }
      }
    }
  }
  const report = await renderReport()
  console.log(report)
  const month = new Date().toISOString().slice(0, 7)
  const path = options.out ?? here(`results/eval_${cores}-core-cpu_${month}.md`)
  await mkdir(here('results'), { recursive: true })
  await writeFile(path, report)
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function runSide(side: string, set: string, model: string, mode: string): Promise<Run> {
  const kept = side === 'EvalPlus' && mode !== 'cold' ? options['evalplus-cache'] : undefined
  const cache = kept ?? join(folder, `cache-${side}-${mode === 'cold' ? 'cold' : 'warm'}`)
  if (mode === 'cold') await rm(cache, { recursive: true, force: true })
  const file = await samplesOf(model, set)
  if (side === 'EvalPlus') return runEvalPlus(file, set, cache)
  return mode === 'load'
    ? underLoad(() => runOurs(file, set, mode, cache))
    : runOurs(file, set, mode, cache)
}

/** While every core is wanted by four endless loops. */
async function underLoad<T>(run: () => Promise<T>): Promise<T> {
  const loops = Array.from({ length: 4 * cores }, () =>
    spawn(
      process.execPath,
      ['-e', 'const parent = process.ppid; while (process.ppid === parent);'],
      { stdio: 'ignore' },
    ),
  )
  try {
    return await run()
  } finally {
    for (const loop of loops) loop.kill('SIGKILL')
  }
}

async function runOurs(file: string, set: string, mode: string, cache: string): Promise<Run> {
  const out = join(folder, 'out')
  const more = mode === 'skip' ? ['--no-plus-after-failed-base'] : []
  const places = ['--data', data, '--samples', file, '--out', out, '--overwrite']
  const benchmark =
    only === undefined ? set : join(folder, evalPlusFiles[set as keyof typeof evalPlusFiles])
  const main = here('../dist/app/cli/main.js')
  const command = [main, 'eval', '--benchmark', benchmark, ...places, ...more]
  const seen = await watch(process.execPath, command, { XDG_CACHE_HOME: cache })
  const summary = JSON.parse(await readFile(join(out, 'summary.json'), 'utf8'))
  const statuses = await readStatuses(join(out, 'eval_results.json'))
  return { ...seen, charged: summary.chargedSeconds, scores: scoresOf(summary.passAtK), statuses }
}

async function runEvalPlus(file: string, set: string, cache: string): Promise<Run> {
  const result = join(folder, 'evalplus.json')
  await rm(result, { force: true })
  const more = ['--parallel', String(cores), '--output_file', result]
  const seen = await watch(
    options.evalplus as string,
    ['-m', 'evalplus.evaluate', '--dataset', set, '--samples', file, ...more],
    {
      XDG_CACHE_HOME: cache,
      HUMANEVAL_OVERRIDE_PATH: join(folder, evalPlusFiles.humaneval),
      MBPP_OVERRIDE_PATH: join(folder, evalPlusFiles.mbpp),
    },
  )
  const { pass_at_k: rates } = JSON.parse(await readFile(result, 'utf8'))
  return { ...seen, scores: scoresOf(rates), statuses: await readStatuses(result) }
}

/** Of a result file of either side. */
async function readStatuses(path: string): Promise<Map<string, string[]>> {
  const { eval: tasks } = JSON.parse(await readFile(path, 'utf8'))
  return new Map(
    Object.entries<{ base_status: string; plus_status: string | null }[]>(tasks).map(
      ([taskId, rows]) => [taskId, rows.map((row) => `${row.base_status}/${row.plus_status}`)],
    ),
  )
}

/**
 * Tasks of any round that the two sides do not judge alike, with what each says. Under load ours is
 * compared with ours without it; without plus after a failed base with EvalPlus, as far as it says.
 */
function differences(set: string, mode: string, model: string): string[] {
  const own = runs.get(`${set} ${mode} ${model} ours`) ?? []
  const [otherMode, side] = mode === 'load' ? ['warm', 'ours'] : [theirModeOf(mode), 'EvalPlus']
  const other = runs.get(`${set} ${otherMode} ${model} ${side}`) ?? []
  const found = other.flatMap(({ statuses }, round) =>
    [...statuses].flatMap(([taskId, theirs]) => {
      const ours = own[round]?.statuses.get(taskId) ?? []
      if (ours.length === theirs.length && ours.every((each, i) => agrees(each, theirs[i])))
        return []
      return [`${mode} ${model} ${taskId}: ${ours.join(', ')}; ${side} ${theirs.join(', ')}`]
    }),
  )
  return [...new Set(found)]
}

/** Statuses `base/plus`; a plus of null was not asked for. */
function agrees(ours: string, theirs = ''): boolean {
  return ours.endsWith('/null') ? ours.split('/')[0] === theirs.split('/')[0] : ours === theirs
}

function theirModeOf(mode: string): string {
  return mode === 'skip' || mode === 'load' ? 'warm' : mode
}

async function watch(command: string, args: string[], environment: NodeJS.ProcessEnv) {
  const tree = createTreeMemory()
  const [file, ...rest] = tree.wrapCommand([command, ...args])
  const started = performance.now()
  const child = spawn(file as string, rest, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr.on('data', (part) => (errors = (errors + part).slice(-2000)))
  let memory = 0
  let looking = false
  const timer = setInterval(async () => {
    if (looking) return
    looking = true
    memory = Math.max(memory, await tree.read(child.pid as number))
    looking = false
  }, 250)
  const status = await new Promise<number | null>((done) => child.on('close', done))
  const wall = (performance.now() - started) / 1000
  clearInterval(timer)
  await tree.remove()
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${errors}`)
  return { wall, memory }
}

function scoresOf(rates: { base: Record<string, number>; plus?: Record<string, number> }): string {
  const percent = (each?: Record<string, number>) => ((each?.['pass@1'] ?? 0) * 100).toFixed(1)
  return `${percent(rates.base)} (${percent(rates.plus)})`
}

/** Problem files as EvalPlus reads them, of the wanted tasks. */
async function writeProblems(): Promise<void> {
  for (const name of Object.values(evalPlusFiles)) {
    const zipped = await readFile(join(data, `${name}.gz`))
    await writeFile(join(folder, name), wantedLines(gunzipSync(zipped).toString()))
  }
}

async function samplesOf(model: string, set: string): Promise<string> {
  const path = join(samples, model, `${set}.jsonl`)
  if (only === undefined) return path
  const wanted = join(folder, `${model}-${set}.jsonl`)
  await writeFile(wanted, wantedLines(await readFile(path, 'utf8')))
  return wanted
}

function wantedLines(text: string): string {
  if (only === undefined || only.has('all')) return text
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.filter((line) => only.has(/"task_id": ?"([^"]+)"/.exec(line)?.[1] ?? '')).join('\n')
}

async function renderReport(): Promise<string> {
  const { stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: here('..') })
  const commit = stdout.toString().trim()
  const rows: string[] = []
  const sums: string[] = []
  const differing: string[] = []
  for (const set of options.sets.split(',')) {
    for (const mode of options.modes.split(',')) {
      const of = (model: string, side: string) => best(`${set} ${mode} ${model} ${side}`)
      const theirs = (model: string) => best(`${set} ${theirModeOf(mode)} ${model} EvalPlus`)
      for (const model of models) {
        const [own, other] = [of(model, 'ours'), theirs(model)]
        differing.push(...differences(set, mode, model))
        const floor = (own?.charged ?? 0) / cores
        rows.push(
          `| ${set} | ${mode} | ${model} | ${own?.scores} | ${other?.scores ?? '–'} | ${own?.wall.toFixed(1)} | ${floor.toFixed(1)} | ${((own?.wall ?? 0) / floor).toFixed(2)} | ${other?.wall.toFixed(1) ?? '–'} | ${own?.memory.toFixed(0)} | ${other?.memory.toFixed(0) ?? '–'} |`,
        )
      }
      const total = (pick: (model: string) => Run | undefined) =>
        models.reduce((sum, model) => sum + (pick(model)?.wall ?? Number.NaN), 0)
      const [own, other] = [total((model) => of(model, 'ours')), total(theirs)]
      sums.push(
        `| ${set} | ${mode} | ${own.toFixed(1)} | ${other.toFixed(1)} | ${(own / other).toFixed(2)} |`,
      )
    }
  }
  return `# Evaluations beside EvalPlus

\`${['npx tsx bench/eval.bench.ts', ...process.argv.slice(2).map(withoutPath)].join(' ')}\`

${new Date().toISOString().slice(0, 10)}, ${commit}, Node.js ${process.version}, ${cpus()[0]?.model}, ${cores} cores; load average before: ${load.toFixed(1)}; best of ${options.rounds} rounds, by turns.
warm: ground truth kept; skip: ours without plus after a failed base; cold: nothing kept; load: ours as warm beside four endless loops a core.
Seconds of wall time; floor: charged seconds of all programs by cores; MiB: peak of all processes together (anonymous and shared pages of a memory cgroup, or PSS without one; looked at every 250 ms).

| set | mode | samples | ours, % | EvalPlus, % | ours, s | floor, s | ours/floor | EvalPlus, s | ours, MiB | EvalPlus, MiB |
|---|---|---|---|---|---|---|---|---|---|---|
${rows.join('\n')}

Both sample files together:

| set | mode | ours, s | EvalPlus, s | ratio |
|---|---|---|---|---|
${sums.join('\n')}
${renderDifferences(differing)}`
}

function renderDifferences(differing: string[]): string {
  if (options.evalplus === undefined && !options.modes.includes('load')) return ''
  const rows = differing.map((each) => `- ${each}`)
  return `
Tasks judged otherwise than by EvalPlus, or under load than without, compared one by one (base/plus): ${rows.length === 0 ? 'none.' : ''}
${rows.length === 0 ? '' : `\n${rows.join('\n')}\n`}`
}

/** The round of least wall time. */
function best(key: string): Run | undefined {
  return runs.get(key)?.toSorted((a, b) => a.wall - b.wall)[0]
}

/** Paths of this machine say nothing to others. */
function withoutPath(argument: string): string {
  return argument.includes('/') ? 'PATH' : argument
}
