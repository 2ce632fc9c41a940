import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { train, trainOptionsSchema } from '../src/stages/train/index.ts'

// The embedded engine's side of train.bench.ts: MODEL PLAN OUT THREADS; prints one JSON document.
const [model, plan, out, threads] = process.argv.slice(2)
await train(trainOptionsSchema.parse({ model, plan, out, threads: Number(threads) }))
const lines = (await readFile(join(out!, 'metrics.jsonl'), 'utf8')).trim().split('\n')
const steps = lines.map((line) => JSON.parse(line)).map(({ loss, seconds }) => ({ loss, seconds }))
const { dependencies } = JSON.parse(
  await readFile(new URL('../package.json', import.meta.url), 'utf8'),
)
console.log(
  JSON.stringify({
    steps,
    peakRssMiB: process.resourceUsage().maxRSS / 1024,
    versions: {
      node: process.versions.node,
      'onnxruntime-node': dependencies['onnxruntime-node'],
    },
  }),
)
