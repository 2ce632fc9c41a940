import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { passes, readVerdicts, wilsonInterval } from '../src/stages/eval/index.ts'

// Does ReflectionCoder beat plain fine-tuning on test katas? The quickstart's recipe with several
// seeds (of training katas, dialogs, plans), judged on the same test katas; writes docs/results.md.
//
//   npx tsx bench/quickstart.bench.ts [--seeds 1,2,3,4,5] [--runs runs/seeds] [--out FILE.md]

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3,4,5' },
    runs: { type: 'string', default: join(root, 'runs/seeds') },
    out: { type: 'string', default: join(root, 'docs/results.md') },
  },
})
const seeds = options.seeds.split(',').map(Number)
const models = ['base', 'plain', 'reflection'] as const
type ModelName = (typeof models)[number]

/** Whether each task passed, by task id. */
type Outcomes = Map<string, boolean>
const outcomes: Record<ModelName, Outcomes>[] = []
for (const seed of seeds) {
  const folder = join(options.runs, String(seed))
  await run(
    process.execPath,
    [
      join(root, 'dist/app/cli/main.js'),
      'run',
      join(root, 'recipes/quickstart.yaml'),
      '--seed',
      String(seed),
      '--out',
      folder,
    ],
    { maxBuffer: 2 ** 28 },
  )
  const read = async (model: ModelName): Promise<Outcomes> => {
    const verdicts = await readVerdicts(join(folder, `${model}-scores`))
    return new Map(verdicts.map((verdict) => [verdict.taskId, passes(verdict, 'plus')]))
  }
  outcomes.push({
    base: await read('base'),
    plain: await read('plain'),
    reflection: await read('reflection'),
  })
  console.log(
    `seed ${seed}: ${models.map((name) => `${name} ${percent(shareOf(outcomes.at(-1)![name]))}`).join(', ')}`,
  )
}

const tasks = [...outcomes[0]!.base.keys()]
const { stdout: commit } = await run('git', ['rev-parse', '--short', 'HEAD'], { cwd: root })
const difference = pairedDifference('plain', 'reflection')
const overBase = pairedDifference('base', 'plain')
await writeFile(
  options.out,
  `# Results on test katas

pass@1 (base and extra inputs), greedy, on ${tasks.length} test katas whose combinations of operations
occur in no training text. Every seed draws its own training katas, dialogs and plan; the test katas
are the same. Plain fine-tuning and ReflectionCoder learn from the same answers; ReflectionCoder
reads a fifth of them together with the reflection that led to them.

| seed | base | plain fine-tuning | ReflectionCoder | ReflectionCoder − plain |
|---|---|---|---|---|
${outcomes.map(renderSeed).join('\n')}
| mean | ${models.map((name) => percent(mean(outcomes.map((one) => shareOf(one[name]))))).join(' | ')} | ${signed(difference.mean)} |

- ReflectionCoder − plain: ${describeDifference(difference)}
- plain − base: ${describeDifference(overBase)}
- the base model: ${percent(shareOf(outcomes[0]!.base))}, 95 % interval ${wilsonInterval(passed(outcomes[0]!.base), tasks.length).map(percent).join(' to ')} (Wilson)

The interval is that of the mean over tasks of each task's mean difference over the seeds (normal
approximation, clustered by task), so it speaks about other katas of this kind; the seeds' spread is
the standard deviation between them.

What the figures mean and why: [decisions](decisions/2026-11-24-reflection-on-katas.md).

Commit ${commit.trim()}. To repeat: \`npm run build && npx tsx bench/quickstart.bench.ts --seeds ${options.seeds}\`.
`,
)

function renderSeed(one: Record<ModelName, Outcomes>, index: number): string {
  const gain = shareOf(one.reflection) - shareOf(one.plain)
  const cells = [seeds[index], ...models.map((name) => percent(shareOf(one[name]))), signed(gain)]
  return `| ${cells.join(' | ')} |`
}

interface Difference {
  readonly mean: number
  readonly interval: readonly [number, number]
  readonly deviation: number
}

/** Mean of `to` − `from` over tasks and seeds, with its 95 % interval over tasks. */
function pairedDifference(from: ModelName, to: ModelName): Difference {
  const perTask = tasks.map((task) =>
    mean(outcomes.map((one) => Number(one[to].get(task)) - Number(one[from].get(task)))),
  )
  const center = mean(perTask)
  const half = 1.96 * (standardDeviation(perTask) / Math.sqrt(tasks.length))
  const perSeed = outcomes.map((one) => shareOf(one[to]) - shareOf(one[from]))
  return {
    mean: center,
    interval: [center - half, center + half],
    deviation: standardDeviation(perSeed),
  }
}

function describeDifference({ mean: center, interval, deviation }: Difference): string {
  const [low, high] = interval.map(signed)
  return `${signed(center)} points, 95 % interval ${low} to ${high}; between seeds ±${(100 * deviation).toFixed(1)}`
}

function passed(outcome: Outcomes): number {
  return [...outcome.values()].filter(Boolean).length
}

function shareOf(outcome: Outcomes): number {
  return passed(outcome) / outcome.size
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function standardDeviation(values: readonly number[]): number {
  const center = mean(values)
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0)
  return Math.sqrt(squares / Math.max(1, values.length - 1))
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

function signed(share: number): string {
  return `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(1)}`
}
