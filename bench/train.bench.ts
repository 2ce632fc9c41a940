import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { addTokenRows, exportModel, loadModel } from '../src/nn/models/index.ts'
import { createPlan, planOptionsSchema, readManifest } from '../src/stages/plan/index.ts'
import { pythonPath } from '../test/parity/python.ts'
import { median, month } from './figures.ts'

// How many tokens a second does a training step process, beside PyTorch on the same plan and
// weights? The tiny base model on the quickstart's data: dialogs of the scripted teacher and plain
// answers, one to four. A step is forward, backward, clipping and AdamW; tokens are the kept tokens
// of the plan.
//
//   npx tsx bench/train.bench.ts [--rounds 5] [--dialogs 32] [--threads 2] [--out FILE.md]

const run = promisify(execFile)
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const root = here('..')
const base = join(root, 'models/kata-base')

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
    rounds: { type: 'string', default: '5' },
    dialogs: { type: 'string', default: '32' },
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
  const dialogs = Number(options.dialogs)
  const file = (name: string) => join(folder, name)
  const cli = (...args: string[]) =>
    run(process.execPath, ['--import', 'tsx', join(root, 'src/app/cli/main.ts'), ...args], {
      cwd: root,
    })
  await cli('data', 'katas', '--count', String(5 * dialogs), '--out', file('katas.jsonl'))
  await cli('data', 'convert', file('katas.jsonl'), '--out', file('answers.jsonl'))
  const synth = ['--teacher', 'scripted', '--tests-shown', '2', '--limit', String(dialogs)]
  await cli(
    'synth',
    '--instructions',
    file('katas.jsonl'),
    ...synth,
    '--out',
    file('dialogs.jsonl'),
  )
  const answers = (await readFile(file('answers.jsonl'), 'utf8')).trim().split('\n')
  await writeFile(file('answers.jsonl'), `${answers.slice(dialogs).join('\n')}\n`)

  await createPlan(
    planOptionsSchema.parse({
      data: [file('answers.jsonl'), file('dialogs.jsonl')],
      model: base,
      out: plan,
      epochs: 1,
      sequencesPerStep: 16,
      learningRate: 1e-4,
    }),
  )
  await mkdir(model)
  await cp(base, model, { recursive: true })
  const { addedTokens } = await readManifest(plan)
  await exportModel(model, addTokenRows(await loadModel(base), addedTokens))
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
  const model = side === 'embedded engine' ? base : join(folder, 'model')
  const plan = join(folder, 'plan')
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
- options: rounds ${options.rounds}, dialogs ${options.dialogs}, threads ${options.threads}
- model: models/kata-base with the seven tokens; kept tokens of the steps: ${tokens.join(', ')}
- every step: 16 samples, one reflection sample to four plain ones on average, a micro-batch each
`
}
