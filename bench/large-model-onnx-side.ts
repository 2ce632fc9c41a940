import { readFile } from 'node:fs/promises'
import { silentProgress } from '../src/core/index.ts'
import { readPlan } from '../src/stages/plan/index.ts'
import { memoryLimit, predictTrainMemory } from '../src/stages/train/check-memory.ts'
import { onnxEngineThread } from '../src/stages/train/engines/onnx/engine-thread.ts'
import { trainOptionsSchema } from '../src/stages/train/options.ts'

// The embedded engine's side of large-model.bench.ts: MODEL PLAN OUT OPTIONS (those of `train`, as
// JSON); prints one JSON document. Ends after the last step: writing the model is not measured.
const [model, plan, out, more] = process.argv.slice(2)
const options = trainOptionsSchema.parse({ model, plan, out, ...JSON.parse(more!) })
const opened = await readPlan(plan!)
const steps: unknown[] = []
let worked = process.cpuUsage()
const predicted = await predictTrainMemory(options, opened, memoryLimit())
const { keptBytes } = predicted
const request = { options, plan: opened, planHash: '', keptBytes, progress: silentProgress }
for await (const event of onnxEngineThread(request)) {
  if (event.type !== 'step-end') continue
  const { loss, gradientNorm, maskRate, seconds } = event.metrics
  const { user, system } = process.cpuUsage(worked)
  worked = process.cpuUsage()
  const processorSeconds = (user + system) / 1e6
  steps.push({ loss, gradientNorm, maskRate, seconds, processorSeconds })
  if (steps.length === opened.manifest.steps) break
}
const status = await readFile('/proc/self/status', 'utf8')
const { dependencies } = JSON.parse(
  await readFile(new URL('../package.json', import.meta.url), 'utf8'),
)
console.log(
  JSON.stringify({
    steps,
    peakRssMiB: Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024,
    predictedMiB: predicted.bytes / 2 ** 20,
    versions: {
      node: process.versions.node,
      'onnxruntime-node': dependencies['onnxruntime-node'],
    },
  }),
)
