import { spawn, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { memoryOfTree } from './process-tree.ts'

// How long do whole evaluations take, and how much memory, beside EvalPlus? Both sides judge the
// same samples by turns, with as many workers as there are cores.
//
//   npm run build
//   npx tsx bench/eval.bench.ts --data DIR --samples DIR [--evalplus PYTHON] [--rounds 1]
//     [--evalplus-cache DIR] [--sets humaneval,mbpp] [--modes warm,skip,cold] [--out FILE.md]
//
// DIR of the samples holds MODEL/BENCHMARK.jsonl; PYTHON has EvalPlus (python -m evalplus.evaluate);
// DIR of the cache (XDG_CACHE_HOME) holds EvalPlus's ground truth already, for warm runs.

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
  },
})
if (options.data === undefined || options.samples === undefined) {
  throw new Error('give --data and --samples')
}
const [data, samples] = [options.data, options.samples]
const models = options.models.split(',')
const cores = cpus().length

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
  await unzipForEvalPlus()
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const set of options.sets.split(',')) {
      // What both sides keep of references is filled before they are timed.
      const warms = options.modes.split(',').some((mode) => mode !== 'cold') && round === 0
      for (const side of warms ? sides : []) {
        if (side === 'EvalPlus' && options['evalplus-cache'] !== undefined) continue
        await runSide(side, set, models[0] as string, 'warm')
      }
      for (const mode of options.modes.split(',')) {
        for (const model of models) {
          for (const side of sides) {
            if (side === 'EvalPlus' && mode === 'skip') continue
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
  const file = join(samples, model, `${set}.jsonl`)
  return side === 'ours' ? runOurs(file, set, mode, cache) : runEvalPlus(file, set, cache)
}

async function runOurs(file: string, set: string, mode: string, cache: string): Promise<Run> {
  const out = join(folder, 'out')
  const more = mode === 'skip' ? ['--no-plus-after-failed-base'] : []
  const places = ['--data', data, '--samples', file, '--out', out, '--overwrite']
  const command = [here('../dist/app/cli/main.js'), 'eval', '--benchmark', set, ...places, ...more]
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
      HUMANEVAL_OVERRIDE_PATH: join(folder, 'HumanEvalPlus.jsonl'),
      MBPP_OVERRIDE_PATH: join(folder, 'MbppPlus.jsonl'),
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

/** Tasks of any round that the two sides do not judge alike, with what each says. */
function differences(set: string, mode: string, model: string): string[] {
  const [own = [], other = []] = sides.map((side) => runs.get(`${set} ${mode} ${model} ${side}`))
  const found = other.flatMap(({ statuses }, round) =>
    [...statuses].flatMap(([taskId, theirs]) => {
      const ours = own[round]?.statuses.get(taskId) ?? []
      if (String(ours) === String(theirs)) return []
      return [`${model} ${taskId}: ${ours.join(', ')}; EvalPlus ${theirs.join(', ')}`]
    }),
  )
  return [...new Set(found)]
}

async function watch(command: string, args: string[], environment: NodeJS.ProcessEnv) {
  const started = performance.now()
  const child = spawn(command, args, {
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
    memory = Math.max(memory, await memoryOfTree(child.pid as number))
    looking = false
  }, 250)
  const status = await new Promise<number | null>((done) => child.on('close', done))
  clearInterval(timer)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${errors}`)
  return { wall: (performance.now() - started) / 1000, memory }
}

function scoresOf(rates: { base: Record<string, number>; plus?: Record<string, number> }): string {
  const percent = (each?: Record<string, number>) => ((each?.['pass@1'] ?? 0) * 100).toFixed(1)
  return `${percent(rates.base)} (${percent(rates.plus)})`
}

async function unzipForEvalPlus(): Promise<void> {
  for (const name of ['HumanEvalPlus', 'MbppPlus']) {
    const zipped = await readFile(join(data, `${name}.jsonl.gz`))
    await writeFile(join(folder, `${name}.jsonl`), gunzipSync(zipped))
  }
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
      const theirMode = mode === 'skip' ? 'warm' : mode
      const theirs = (model: string) => best(`${set} ${theirMode} ${model} EvalPlus`)
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
warm: ground truth kept; skip: ours without plus after a failed base; cold: nothing kept.
Seconds of wall time; floor: charged seconds of all programs by cores; MiB: peak of all processes together (PSS, looked at every 250 ms).

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
  if (options.evalplus === undefined) return ''
  const rows = differing.map((each) => `- ${each}`)
  return `
Tasks that the two sides judge otherwise, compared one by one (base/plus): ${rows.length === 0 ? 'none.' : ''}
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
