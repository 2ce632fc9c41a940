import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { exportModel, loadModel } from '../../src/nn/models/index.ts'
import { runCli } from './run-cli.ts'
import { reflectionDialog, writeTinyModel } from './tiny-model.ts'

let folder: string
const at = (name: string) => join(folder, name)
const train = (out: string, ...more: string[]) =>
  runCli(['train', '--model', at('model'), '--plan', at('plan'), '--out', at(out), ...more])

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'adapter-'))
  await writeTinyModel(at('model'))
  await writeFile(at('dialogs.jsonl'), `${JSON.stringify(reflectionDialog)}\n`)
  const data = ['--data', at('dialogs.jsonl'), '--model', at('model'), '--out', at('plan')]
  const size = ['--max-steps', '2', '--sequences-per-step', '1']
  expect(await runCli(['plan', ...data, ...size])).toMatchObject({ status: 0 })
  const katas = ['data', 'katas', '--split', 'test', '--count', '1', '--out', at('problems.jsonl')]
  expect(await runCli(katas)).toMatchObject({ status: 0 })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('is trained alone and used beside its model', async () => {
  const run = await train('out', '--lora-rank', '2', '--no-merge', '--json')
  expect(run.status).toBe(0)
  const summary = JSON.parse(run.stdout)
  expect(summary).toMatchObject({ model: null, adapter: join(at('out'), 'adapter') })
  expect(await readdir(at('out'))).not.toContain('model')
  const config = JSON.parse(await readFile(join(summary.adapter, 'adapter_config.json'), 'utf8'))
  expect(config).toMatchObject({ peft_type: 'LORA', r: 2, base_model_name_or_path: at('model') })

  const asked = ['--problems', at('problems.jsonl'), '--max-new-tokens', '4']
  const used = ['--model', at('model'), '--adapter', summary.adapter]
  const samples = ['--out', at('samples.jsonl')]
  expect(await runCli(['generate', ...used, ...asked, ...samples])).toMatchObject({ status: 0 })

  await cp(at('model'), at('other'), { recursive: true })
  const other = await loadModel(at('other'))
  other.parameters.get('model.norm.weight')!.data[0] = 2
  await exportModel(at('other'), other)
  const mixed = ['--model', at('other'), '--adapter', summary.adapter]
  const refused = await runCli(['generate', ...mixed, ...asked, '--out', at('none.jsonl')])
  expect(refused.status).toBe(2)
  expect(refused.stderr).toContain(`belongs to another model: it was trained on ${at('model')}`)
  expect(await readdir(folder)).not.toContain('none.jsonl')
})

it('is merged into the model that is written, by default', async () => {
  const run = await train('merged', '--lora-rank', '1', '--lora-targets', 'q_proj,v_proj', '--json')
  expect(run.status).toBe(0)
  const summary = JSON.parse(run.stdout)
  expect(summary.model).toBe(join(at('merged'), 'model'))
  expect((await loadModel(summary.model)).config.layers).toBe(1)
})
