import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { createRandom } from '../src/core/index.ts'
import { pythonPath } from '../test/parity/python.ts'
import { median, month } from './figures.ts'
import { writeModel } from './large-model-inputs.ts'

// How many tokens a second are generated, beside transformers on PyTorch? Greedy, in float32, prompts
// of 120 random tokens in one batch; on the tiny base model, and on Qwen2.5-0.5B's shape cut to 4
// layers with random weights. Each side is a process of its own, by turns; its first batch is left out.
//
//   npx tsx bench/generate.bench.ts [--rounds 3] [--threads 2] [--work DIR] [--out FILE.md]

const run = promisify(execFile)
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    work: { type: 'string', default: join(tmpdir(), 'rc-large-model') },
    out: { type: 'string' },
  },
})

const sides = { ours: 'embedded engine (ONNX Runtime)', torch: 'transformers on PyTorch' } as const
type Side = keyof typeof sides
const sideNames = Object.keys(sides) as Side[]

interface Case {
  readonly title: string
  readonly model: string
  /** Tokens that prompts are drawn from. */
  readonly vocabulary: number
  readonly sequences: number
}

interface SideRun {
  readonly seconds: readonly number[]
  readonly ids: readonly (readonly number[])[]
  readonly peakRssMiB: number
  readonly versions: Readonly<Record<string, string>>
}

const promptTokens = 120
const newTokens = 24
const repeats = 3

const large = join(options.work, 'model-4')
if (!existsSync(join(large, 'config.json'))) await writeModel(large, 4)
const tiny = here('../models/kata-base')
const cases: readonly Case[] = [
  { title: 'models/kata-base', model: tiny, vocabulary: 1000, sequences: 1 },
  { title: 'models/kata-base', model: tiny, vocabulary: 1000, sequences: 16 },
  { title: 'Qwen2.5-0.5B cut to 4 layers', model: large, vocabulary: 150_000, sequences: 1 },
  { title: 'Qwen2.5-0.5B cut to 4 layers', model: large, vocabulary: 150_000, sequences: 8 },
]

const load = loadavg()[0]!
const rows: string[] = []
let versions: Record<string, string> = {}
for (const each of cases) {
  const runs: Record<Side, SideRun[]> = { ours: [], torch: [] }
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const side of sideNames) runs[side].push(await runSide(side, each))
  }
  for (const side of sideNames) versions = { ...versions, ...runs[side][0]!.versions }
  rows.push(...renderCase(each, runs))
  console.error(rows.slice(-2).join('\n'))
}
const report = await renderReport()
console.log(report)
const path = options.out ?? here(`results/generate_${cpus().length}-core-cpu_${month()}.md`)
await mkdir(here('results'), { recursive: true })
await writeFile(path, report)

async function runSide(side: Side, { model, vocabulary, sequences }: Case): Promise<SideRun> {
  const random = createRandom(1, 'generate-bench')
  const prompts = Array.from({ length: sequences }, () =>
    Array.from({ length: promptTokens }, () => random.integer(vocabulary)),
  )
  const request = JSON.stringify({ prompts, newTokens, repeats, threads: Number(options.threads) })
  const [command, args] =
    side === 'ours'
      ? [process.execPath, ['--import', 'tsx', here('generate-onnx-side.ts'), model, request]]
      : [pythonPath, [here('generate_torch.py'), '--model', model, '--request', request]]
  const { stdout } = await run(command, args, { maxBuffer: 2 ** 26 })
  return JSON.parse(stdout)
}

function renderCase({ title, sequences }: Case, runs: Readonly<Record<Side, SideRun[]>>): string[] {
  const rateOf = (side: Side) =>
    (sequences * newTokens) / median(runs[side].flatMap(({ seconds }) => seconds))
  const reference = runs.torch[0]!.ids
  return sideNames.map((side) => {
    const equal = runs[side][0]!.ids.filter((ids, row) => ids.join() === reference[row]!.join())
    const cells = [
      title,
      sequences,
      sides[side],
      rateOf(side).toFixed(1),
      (rateOf(side) / rateOf('torch')).toFixed(2),
      Math.round(median(runs[side].map(({ peakRssMiB }) => peakRssMiB))),
      `${equal.length} of ${sequences}`,
    ]
    return `| ${cells.join(' | ')} |`
  })
}

async function renderReport(): Promise<string> {
  const { stdout: commit } = await run('git', ['rev-parse', '--short', 'HEAD'], { cwd: here('.') })
  return `# Generation, tokens per second

Greedy, float32, ${newTokens} tokens after prompts of ${promptTokens} random tokens in one batch, prompts
included in the time; medians of ${options.rounds} processes of ${repeats} batches each, sides by turns.

| model | sequences | side | tokens/s | to torch | peak RSS (MiB) | same tokens as torch |
|---|---|---|---|---|---|---|
${rows.join('\n')}

- commit ${commit.trim()}; ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}
- ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}; load before the start ${load.toFixed(2)}
- ${options.threads} threads
`
}
