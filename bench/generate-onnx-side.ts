import { createRequire } from 'node:module'
import { generateBatch } from '../src/nn/infer/index.ts'
import { createDecoder, loadModel } from '../src/nn/models/index.ts'

// The embedded engine's side of generate.bench.ts: MODEL REQUEST; prints one JSON document.
const [folder, request] = process.argv.slice(2)
const { prompts, newTokens, threads, repeats } = JSON.parse(request!) as {
  prompts: number[][]
  newTokens: number
  threads: number
  repeats: number
}
const model = await loadModel(folder!)
const decoder = createDecoder(model, { threads })
const requests = prompts.map((promptIds, index) => ({ id: String(index), promptIds }))
const options = { maxNewTokens: newTokens, stopIds: [], seed: 0, temperature: 0, topP: 1, topK: 0 }
const seconds: number[] = []
let ids: number[][] = []
for (let run = 0; run <= repeats; run++) {
  const started = performance.now()
  const results = await generateBatch(decoder, model.config, requests, options)
  if (run > 0) seconds.push((performance.now() - started) / 1000)
  ids = results.map((result) => result.ids)
}
await decoder.dispose()
const { dependencies } = createRequire(import.meta.url)('../package.json')
console.log(
  JSON.stringify({
    seconds,
    ids,
    peakRssMiB: process.resourceUsage().maxRSS / 1024,
    versions: {
      node: process.versions.node,
      'onnxruntime-node': dependencies['onnxruntime-node'],
    },
  }),
)
