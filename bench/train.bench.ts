import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { loadTokenizer } from '../src/nn/tokenizer/index.ts'
import { writePlanFolder } from '../test/parity/plan-folder.ts'
import { pythonPath, runPython } from '../test/parity/python.ts'
import { benchmarkCases } from './train-data.ts'

// How many tokens a second does a training step process, beside PyTorch on the same plan and
// weights? A step is forward, backward, clipping and AdamW; tokens are the kept tokens of the plan.
//
//   npx tsx bench/train.bench.ts [--rounds 3] [--steps 4] [--threads 2] [--out FILE.md]

const run = promisify(execFile)
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const vocabulary = 1031
const shape = '--layers 6 --hidden 192 --intermediate 512 --heads 6 --kv-heads 2 --tied'

const sides = {
  'embedded engine': { title: 'A. embedded engine (ONNX Runtime)' },
  'torch plain': { title: 'B. PyTorch, as published' },
  'torch best': { title: 'C. PyTorch, packed, hidden tokens dropped' },
} as const
type Side = keyof typeof sides
const names = Object.keys(sides) as Side[]

interface SideRun {
  steps: { loss: number; seconds: number }[]
  peakRssMiB: number
  versions: Record<string, string>
}

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '4' },
    threads: { type: 'string', default: '2' },
    out: { type: 'string' },
  },
})
const folder = await mkdtemp(join(tmpdir(), 'rc-bench-'))
try {
  const tokens = await writeInputs()
  const runs: Record<Side, SideRun[]> = {
    'embedded engine': [],
    'torch plain': [],
    'torch best': [],
  }
  const load = loadavg()[0]!
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const side of names) runs[side].push(await runSide(side, round))
  }
  const report = await renderReport(runs, tokens, load)
  console.log(report)
  const path = options.out ?? here(`results/train_${cpus().length}-core-cpu_${month()}.md`)
  await mkdir(here('results'), { recursive: true })
  await writeFile(path, report)
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** Model and plan; returns the kept tokens of each step. */
async function writeInputs(): Promise<number[]> {
  const [model, plan] = [join(folder, 'model'), join(folder, 'plan')]
  const file = benchmarkCases(Number(options.steps), vocabulary)
  const [cases, views] = [join(folder, 'cases.json'), join(folder, 'views.json')]
  await writeFile(cases, JSON.stringify(file))
  const size = ['--vocab', String(vocabulary), '--scale', '0.03', '--tokenizer']
  await runPython('make_model.py', ['--out', model, ...shape.split(' '), ...size])
  await runPython('reference.py', ['views', '--cases', cases, '--out', views])
  await writePlanFolder(plan, file, {
    vocabularySize: vocabulary,
    views: JSON.parse(await readFile(views, 'utf8')),
    tokenizerSha256: (await loadTokenizer(model)).hash,
    optimizer: { learningRate: 1e-4 },
  })
  const lines = (await readFile(join(plan, 'steps.jsonl'), 'utf8')).trim().split('\n')
  return lines.map((line) => {
    const { microBatches } = JSON.parse(line) as {
      microBatches: { rows: { spans: [number, number][] }[] }[]
    }
    const spans = microBatches.flatMap((batch) => batch.rows.flatMap((row) => row.spans))
    return spans.reduce((sum, [start, end]) => sum + end - start, 0)
  })
}

async function runSide(side: Side, round: number): Promise<SideRun> {
  const [model, plan] = [join(folder, 'model'), join(folder, 'plan')]
  const [command, args] =
    side === 'embedded engine'
      ? [
          process.execPath,
          ['--import', 'tsx', here('train-onnx-side.ts'), model, plan, join(folder, `${round}`)],
        ]
      : [
          pythonPath,
          [here('train_torch.py'), '--side', side.split(' ')[1]!, '--model', model, '--plan', plan],
        ]
  const threads = side === 'embedded engine' ? [options.threads] : ['--threads', options.threads]
  const { stdout } = await run(command, [...args, ...threads], { maxBuffer: 2 ** 26 })
  return JSON.parse(stdout)
}

async function renderReport(runs: Record<Side, SideRun[]>, tokens: number[], load: number) {
  const losses = (side: Side) => runs[side][0]!.steps.map((step) => step.loss)
  const rows = names.map((side) => {
    const measured = runs[side].flatMap(({ steps }) =>
      steps.slice(1).map(({ seconds }, index) => tokens[index + 1]! / seconds),
    )
    const deviation = Math.max(
      ...losses(side).map((loss, step) => Math.abs(loss / losses('torch plain')[step]! - 1)),
    )
    if (deviation > 1e-4) throw new Error(`${side}: the losses differ by ${deviation}`)
    const peak = median(runs[side].map(({ peakRssMiB }) => peakRssMiB))
    const cells = [
      sides[side].title,
      Math.round(median(measured)),
      `${Math.round(Math.min(...measured))} – ${Math.round(Math.max(...measured))}`,
      Math.round(peak),
      losses(side)[0]!.toFixed(6),
      deviation.toExponential(1),
    ]
    return `| ${cells.join(' | ')} |`
  })
  const versions = Object.assign({}, ...names.map((side) => runs[side][0]!.versions))
  const { stdout: commit } = await run('git', ['rev-parse', '--short', 'HEAD'], { cwd: here('.') })
  return `# Training step, tokens per second

A step is forward, backward, clipping and AdamW, fp32. Tokens are the kept tokens of the plan rows,
the same number for all sides. First step of each run left out; sides interleaved.

| side | tokens/s (median) | range | peak RSS (MiB, median) | loss of step 0 | largest loss difference to B |
|---|---|---|---|---|---|
${rows.join('\n')}

- commit ${commit.trim()}; ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}
- ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}; load before the start ${load.toFixed(2)}
- options: rounds ${options.rounds}, steps ${options.steps}, threads ${options.threads}
- model: Qwen2, ${shape} --vocab ${vocabulary}; kept tokens of the steps: ${tokens.join(', ')}
- every step: 4 reflection samples (block-type, mask rate rising to 1) and 4 plain ones
`
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function month(): string {
  return new Date().toISOString().slice(0, 7)
}
