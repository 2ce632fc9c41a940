import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDecoder, loadModel } from '../../src/nn/models/index.ts'
import { loadTokenizer } from '../../src/nn/tokenizer/index.ts'
import { openModelSource } from '../../src/nn/weights/index.ts'
import { createPlan, planOptionsSchema } from '../../src/stages/plan/index.ts'
import { train, trainOptionsSchema } from '../../src/stages/train/index.ts'
import { reflectionDialog } from '../e2e/tiny-model.ts'
import { readTensors, relativeError } from './compare.ts'
import { describeParity, runPython } from './python.ts'

const textFile = fileURLToPath(
  new URL('../../src/nn/tokenizer/__fixtures__/texts.json', import.meta.url),
)

const models = [
  { name: 'llama', type: 'F32', rope: { rope_type: 'linear', factor: 4 } },
  { name: 'llama', type: 'Q8_0', rope: {} },
  { name: 'qwen2', type: 'Q4_0', rope: {} },
  {
    name: 'qwen3',
    type: 'F16',
    rope: { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 1024 },
  },
] as const

describeParity('a GGUF file of the reference package, read by transformers', () => {
  let folder: string
  const folderOf = ({ name, type }: (typeof models)[number]) => join(folder, `${name}-${type}`)
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rc-gguf-parity-'))
    const made = models.map((model) => [
      ...['--architecture', model.name, '--out', join(folderOf(model), 'original')],
      ...['--vocab', '300', '--tokenizer', '--rope', JSON.stringify(model.rope)],
      ...(model.name === 'qwen2' ? ['--tied'] : []),
    ])
    await writeFile(join(folder, 'models.json'), JSON.stringify(made))
    await runPython('make_model.py', ['--many', join(folder, 'models.json')])
    for (const model of models) {
      const original = join(folderOf(model), 'original')
      const out = join(folderOf(model), 'model.gguf')
      const options = ['--model', original, '--out', out, '--type', model.type]
      await runPython('scripts/make-gguf-fixtures.py', options)
    }
    await runPython('reference_gguf.py', [textFile, ...models.map(folderOf)])
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.each(models)('has the same weights, configuration and ids: $name in $type', async (model) => {
    const path = (part: string) => join(folderOf(model), part)
    const readJson = async (part: string) => JSON.parse(await readFile(path(part), 'utf8'))
    const source = await openModelSource(path('model.gguf'))
    const expected = await readTensors(path('reference.safetensors'))
    expect([...source.tensors.keys()].sort()).toEqual([...expected.keys()].sort())
    for (const [name, values] of expected) {
      expect(await source.readFloat32(name), name).toEqual(values)
    }
    await source.close()

    const { rope_parameters: rope, ...shape } = await readJson('original/config.json')
    for (const [key, value] of Object.entries(source.config)) {
      // Spelled otherwise by transformers 5, and BOS, which the converter writes for Qwen too.
      if (['rope_theta', 'rope_scaling', 'torch_dtype', 'bos_token_id'].includes(key)) continue
      expect(value, key).toEqual(shape[key])
    }
    const scaling = (source.config.rope_scaling ?? { rope_type: 'default' }) as object
    expect({ ...scaling, rope_theta: source.config.rope_theta }).toEqual(rope)

    const tokenizer = await loadTokenizer(path('model.gguf'))
    const texts: string[] = JSON.parse(await readFile(textFile, 'utf8'))
    expect(texts.map(tokenizer.encodeText)).toEqual(await readJson('ids.json'))
  })

  it('trains as the folder that it was made of', async () => {
    const [model] = models
    const [gguf, original] = ['model.gguf', 'original'].map((part) => join(folderOf(model), part))
    const [found, expected] = [await loadModel(gguf!), await loadModel(original!)]
    expect(found.config).toEqual(expected.config)
    for (const [name, tensor] of expected.parameters) {
      expect(found.parameters.get(name), name).toEqual(tensor)
    }
    const data = join(folder, 'dialogs.jsonl')
    await writeFile(data, `${JSON.stringify(reflectionDialog)}\n`)
    const plan = join(folder, 'plan')
    const planned = { data: [data], model: gguf, out: plan, sequencesPerStep: 1, maxSteps: 2 }
    await createPlan(planOptionsSchema.parse(planned))
    const options = { model: gguf, plan, out: join(folder, 'out'), threads: 1 }
    const summary = await train(trainOptionsSchema.parse(options))
    expect(summary.lastStep?.loss).toBeGreaterThan(0)
    const tuned = await loadModel(summary.model!)
    expect(tuned.config.architecture).toBe('LlamaForCausalLM')

    // What was tuned is a folder that transformers reads, tokenizer and rotary scaling included.
    const tokenizer = await loadTokenizer(gguf!)
    const texts: string[] = JSON.parse(await readFile(textFile, 'utf8'))
    const [line] = (await runPython('reference_tokens.py', [textFile, summary.model!])).split('\n')
    expect(JSON.parse(line!).plain).toEqual(texts.map(tokenizer.encodeText))
    const tokens = tokenizer.encodeText(
      'def add(first, second):\n    return first + second\n'.repeat(8),
    )
    const paths = ['tokens.json', 'logits.safetensors'].map((name) => join(folder, name))
    await writeFile(paths[0]!, JSON.stringify(tokens))
    await runPython('reference_logits.py', [summary.model!, ...paths])
    const reference = await readTensors(paths[1]!)
    const decoder = createDecoder(tuned)
    const positions = Int32Array.from(tokens, (_, position) => position)
    const packed = {
      tokens: Int32Array.from(tokens),
      positions,
      rows: [{ start: 0, length: tokens.length }],
    }
    const logits = await decoder.logits(await decoder.forward(packed))
    await decoder.dispose()
    expect(relativeError(logits, reference.get('logits')!)).toBeLessThan(5e-6)
  })
})
