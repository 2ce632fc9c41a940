import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { pythonPath } from '../test/parity/python.ts'
import { median } from './figures.ts'
import { longParts, usualParts, writeModel, writePlan } from './large-model-inputs.ts'

// How long does a step on one reflection sample take, and how much memory, beside PyTorch on the same
// weights? Qwen2.5-0.5B's shape with random weights, whole and cut to 4 layers; 1,364 tokens,
// block-type masking at rates 0.1, 0.5 and 0.9. A step is forward, backward, clipping and AdamW in
// float32. Each side is a process of its own; sides are interleaved; the first step of each process
// is left out of the times.
//
//   npx tsx bench/large-model.bench.ts [--layers 4,24] [--sides ours,best,plain] [--rounds 1]
//     [--rates 0.1,0.5,0.9] [--sample usual|long] [--lora-rank 0] [--threads 2] [--work DIR]
//     [--out FILE.md]
//
// Measurements are kept in DIR/runs.jsonl: pieces measured one after another (--layers, --sides) come
// together in the report, which --report-only renders from them alone.

const run = promisify(execFile)
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const sides = {
  ours: 'embedded engine (ONNX Runtime)',
  best: 'best torch',
  plain: 'plain torch',
} as const
type Side = keyof typeof sides

interface Step {
  readonly loss: number
  readonly gradientNorm: number
  readonly maskRate: number
  readonly seconds: number
  /** Of all threads; moves less than `seconds` when other programs run. */
  readonly processorSeconds: number
}

interface Measurement {
  readonly side: Side
  readonly layers: number
  readonly sample: string
  readonly loraRank: number
  readonly load: number
  readonly steps: readonly Step[]
  readonly peakRssMiB: number
  /** What `train` foretells; of the embedded engine alone. */
  readonly predictedMiB?: number
  readonly versions: Readonly<Record<string, string>>
}

const { values: options } = parseArgs({
  options: {
    layers: { type: 'string', default: '4,24' },
    sides: { type: 'string', default: 'ours,best,plain' },
    rounds: { type: 'string', default: '1' },
    rates: { type: 'string', default: '0.1,0.5,0.9' },
    sample: { type: 'string', default: 'usual' },
    'lora-rank': { type: 'string', default: '0' },
    activations: { type: 'string', default: 'auto' },
    threads: { type: 'string', default: '2' },
    work: { type: 'string', default: join(tmpdir(), 'rc-large-model') },
    'report-only': { type: 'boolean', default: false },
    out: { type: 'string' },
  },
})
const rates = options.rates.split(',').map(Number)
const loraRank = Number(options['lora-rank'])
const record = join(options.work, 'runs.jsonl')
await mkdir(options.work, { recursive: true })

if (!options['report-only']) {
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const layers of options.layers.split(',').map(Number)) {
      for (const side of options.sides.split(',') as Side[]) {
        const measurement = await measure(side, layers)
        await writeFile(record, `${JSON.stringify(measurement)}\n`, { flag: 'a' })
        const { steps, peakRssMiB } = measurement
        const seconds = steps.map((step) => step.seconds.toFixed(1)).join(' ')
        console.error(`${layers} layers, ${side}: ${seconds} s, ${Math.round(peakRssMiB)} MiB`)
      }
    }
  }
}
const lines = (await readFile(record, 'utf8')).trim().split('\n')
const report = await renderReport(lines.map((line) => JSON.parse(line)))
console.log(report)
if (options.out) await writeFile(options.out, report)

async function measure(side: Side, layers: number): Promise<Measurement> {
  const model = join(options.work, `model-${layers}`)
  if (!existsSync(join(model, 'config.json'))) await writeModel(model, layers)
  const plan = join(options.work, 'plan')
  const parts = options.sample === 'long' ? longParts : usualParts
  await writePlan(plan, model, parts, [rates[0]!, ...rates])
  const out = join(options.work, 'out')
  await rm(out, { recursive: true, force: true })
  const load = loadavg()[0]!
  const threads = Number(options.threads)
  const settings = { threads, activations: options.activations, loraRank, checkpointEvery: 1000 }
  const [command, args] =
    side === 'ours'
      ? [
          process.execPath,
          ['--import', 'tsx', here('large-model-onnx-side.ts'), model, plan, out].concat(
            JSON.stringify(settings),
          ),
        ]
      : [
          pythonPath,
          [here('large_model_torch.py'), '--side', side, '--model', model, '--plan', plan].concat(
            '--threads',
            options.threads,
          ),
        ]
  const { stdout } = await run(command, args, { maxBuffer: 2 ** 26 })
  const { steps, ...rest } = JSON.parse(stdout)
  return { side, layers, sample: options.sample, loraRank, load, steps, ...rest }
}

async function renderReport(all: readonly Measurement[]): Promise<string> {
  const key = (run: Measurement) =>
    `${run.layers} layers, ${run.sample} sample${run.loraRank ? `, LoRA of rank ${run.loraRank}` : ''}`
  const parts = [...new Set(all.map(key))].map((title) => {
    const runs = all.filter((each) => key(each) === title)
    refuseOtherLosses(title, runs)
    return `## ${title[0]!.toUpperCase()}${title.slice(1)}\n\n${renderTable(runs)}`
  })
  const versions = Object.assign({}, ...all.map((each) => each.versions))
  const { stdout: commit } = await run('git', ['rev-parse', '--short', 'HEAD'], { cwd: here('.') })
  return `# A training step of a model of Qwen2.5-0.5B's shape

Seconds a step: forward, backward, clipping and AdamW in float32, one reflection sample of 1,364
tokens (long: 4,096), medians; then their mean over the mask rates and its ratio to ours; the same
for processor seconds of both cores together; and the peak resident memory (VmHWM, median),
with what the embedded engine predicts of it before the first step. Losses
(2e-5 relative) and gradient norms (1e-4) of all sides agree at every step.

${parts.join('\n\n')}

- commit ${commit.trim()}; ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}
- ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB; load before the runs ${all.map(({ load }) => load.toFixed(1)).join(', ')}
- ${options.threads} threads
`
}

function renderTable(runs: readonly Measurement[]): string {
  const found = (Object.keys(sides) as Side[]).filter((side) => runs.some((r) => r.side === side))
  const measured = [...new Set(runs.flatMap((r) => r.steps.map((step) => step.maskRate)))]
  const medianAt = (side: Side, rate: number, what: 'seconds' | 'processorSeconds') =>
    median(
      runs.flatMap((r) =>
        r.side === side
          ? r.steps.slice(1).flatMap((step) => (step.maskRate === rate ? [step[what]] : []))
          : [],
      ),
    )
  const meanOf = (side: Side, what: 'seconds' | 'processorSeconds') =>
    measured.reduce((sum, rate) => sum + medianAt(side, rate, what), 0) / measured.length
  const ratioOf = (side: Side, what: 'seconds' | 'processorSeconds') =>
    found.includes('ours') ? (meanOf(side, what) / meanOf('ours', what)).toFixed(2) : ''
  const rows = found.map((side) => {
    const peak = median(runs.flatMap((r) => (r.side === side ? [r.peakRssMiB] : [])))
    const predicted = runs.flatMap((r) => (r.side === side ? (r.predictedMiB ?? []) : []))
    const cells = [
      sides[side],
      ...measured.map((rate) => medianAt(side, rate, 'seconds').toFixed(2)),
      meanOf(side, 'seconds').toFixed(2),
      ratioOf(side, 'seconds'),
      meanOf(side, 'processorSeconds').toFixed(2),
      ratioOf(side, 'processorSeconds'),
      (peak / 1024).toFixed(2),
      predicted.length > 0 ? (median(predicted) / 1024).toFixed(2) : '',
      runs.filter((r) => r.side === side).length,
    ]
    return `| ${cells.join(' | ')} |`
  })
  const head = [
    'side',
    ...measured.map((rate) => `rate ${rate}`),
    'mean',
    'to ours',
    'processor',
    'to ours',
    'GiB',
    'predicted',
    'runs',
  ]
  return `| ${head.join(' | ')} |\n|${head.map(() => '---').join('|')}|\n${rows.join('\n')}`
}

/** The sides must compute the same thing: losses and gradient norms of every step. */
function refuseOtherLosses(title: string, runs: readonly Measurement[]): void {
  const reference = runs[0]!.steps
  for (const { side, steps } of runs) {
    steps.forEach(({ loss, gradientNorm, maskRate }, index) => {
      if (maskRate !== reference[index]?.maskRate) return
      const expected = reference[index]!
      const differences = [
        Math.abs(loss / expected.loss - 1),
        Math.abs(gradientNorm / expected.gradientNorm - 1),
      ]
      if (differences[0]! > 2e-5 || differences[1]! > 1e-4) {
        throw new Error(`${title}, ${side}, step ${index}: ${differences} off ${runs[0]!.side}`)
      }
    })
  }
}
