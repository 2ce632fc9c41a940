import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type HubServer, serveHub } from '../../src/nn/hub/hub-server.fixture.ts'
import { runCli } from './run-cli.ts'
import { reflectionDialog, writeTinyModel } from './tiny-model.ts'

let folder: string
let server: HubServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hub-model-'))
  const model = join(folder, 'model')
  await writeTinyModel(model)
  const names = await readdir(model)
  const contents = await Promise.all(names.map((name) => readFile(join(model, name))))
  const files = Object.fromEntries(names.map((name, index) => [name, contents[index]!]))
  server = await serveHub({ 'org/tiny': { commit: 'a'.repeat(40), token: 'hf_e2e', files } })
  await writeFile(join(folder, 'dialogs.jsonl'), `${JSON.stringify(reflectionDialog)}\n`)
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

const environment = (more: NodeJS.ProcessEnv = {}) => ({
  HF_HOME: join(folder, 'home'),
  HF_ENDPOINT: `${server.endpoint}/`,
  HF_TOKEN: 'hf_e2e',
  HF_HUB_CACHE: '',
  HF_HUB_OFFLINE: '',
  ...more,
})

const plan = (out: string, env: NodeJS.ProcessEnv) => {
  const size = ['--max-steps', '1', '--sequences-per-step', '1']
  const data = ['--data', join(folder, 'dialogs.jsonl'), '--out', join(folder, out)]
  return runCli(['plan', '--model', 'org/tiny', ...data, ...size], { env })
}

it('plans and trains with a model of the hub, then offline from the cache', async () => {
  expect(await plan('plan', environment())).toMatchObject({ status: 0 })
  const asked = server.requests.length
  const offline = environment({ HF_HUB_OFFLINE: '1', HF_TOKEN: '' })
  expect(await plan('again', offline)).toMatchObject({ status: 0 })
  const paths = ['--plan', join(folder, 'plan'), '--out', join(folder, 'out')]
  const run = await runCli(['train', '--model', 'org/tiny', ...paths], { env: offline })
  expect(run.status).toBe(0)
  expect(server.requests).toHaveLength(asked)
})

it('says what to do when the hub is off, or refuses', async () => {
  const off = await plan('off', environment({ HF_HOME: join(folder, 'none'), HF_HUB_OFFLINE: '1' }))
  expect(off.status).toBe(2)
  expect(off.stderr).toMatch(/^error: the model org\/tiny: neither a path here nor complete in/m)
  expect(off.stderr).toMatch(/^hint: Unset HF_HUB_OFFLINE/m)
  const home = join(folder, 'other')
  const refused = await plan('refused', environment({ HF_HOME: home, HF_TOKEN: 'hf_wrong' }))
  expect(refused.status).toBe(2)
  expect(refused.stderr).toMatch(/status 401/)
  expect(refused.stderr).toMatch(/set HF_TOKEN/)
})
