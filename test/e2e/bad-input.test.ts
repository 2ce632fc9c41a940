import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lockFolder } from '../../src/core/index.ts'
import { type CliRun, runCli } from './run-cli.ts'
import { reflectionDialog, writeTinyModel } from './tiny-model.ts'

let folder: string
let model: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bad-input-'))
  model = join(folder, 'model')
  await writeTinyModel(model)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let files = 0
async function writeText(text: string): Promise<string> {
  const path = join(folder, `data-${++files}.jsonl`)
  await writeFile(path, text)
  return path
}

const writeRecords = (...records: unknown[]) =>
  writeText(records.map((record) => `${JSON.stringify(record)}\n`).join(''))

/** Status and standard error with the path of the data shown as FILE; standard output is empty. */
async function planRun(file: string): Promise<CliRun & { message: string }> {
  const out = join(folder, `plan-${++files}`)
  const run = await runCli(['plan', '--data', file, '--model', model, '--out', out])
  return { ...run, message: run.stderr.replaceAll(file, 'FILE').split('\n')[0] as string }
}

describe('malformed data', () => {
  it('names the line of a line that is no JSON', async () => {
    const file = await writeText(`${JSON.stringify(reflectionDialog)}\n{"messages": [,]}\n`)
    const run = await planRun(file)
    expect(run.status).toBe(2)
    expect(run.message).toMatch(/^error: FILE, line 2.*column 15/)
    expect(run.stdout).toBe('')
  })

  it('names line and field of a wrong role', async () => {
    const dialog = structuredClone(reflectionDialog)
    dialog.messages[2]!.role = 'system'
    const run = await planRun(await writeRecords(reflectionDialog, dialog))
    expect(run.status).toBe(2)
    expect(run.message).toMatch(/^error: FILE, line 2, messages\[2\]\.role: expected .*"system"/)
  })

  it('names line and field of a wrong block type', async () => {
    const dialog = structuredClone(reflectionDialog)
    dialog.messages[1]!.content[1]!.type = 'cod'
    const run = await planRun(await writeRecords(dialog))
    expect(run.status).toBe(2)
    expect(run.message).toMatch(/^error: FILE, line 1, messages\[1\]\.content\[1\]\.type: .*"cod"/)
  })

  it('refuses a dialog without messages', async () => {
    const run = await planRun(await writeRecords({ messages: [], type: 'reflection' }))
    expect(run.status).toBe(2)
    expect(run.message).toMatch(/^error: FILE, line 1, messages: /)
  })

  it('refuses a reflection sample of fewer than four messages', async () => {
    const dialog = { ...reflectionDialog, messages: reflectionDialog.messages.slice(0, 2) }
    const run = await planRun(await writeRecords(dialog))
    expect(run.status).toBe(2)
    expect(run.message).toMatch(/^error: FILE, line 1, messages: .*(4|four)/)
  })

  it('refuses a file without dialogs', async () => {
    const run = await planRun(await writeText(''))
    expect(run.status).toBe(2)
    expect(run.message).toMatch(/FILE/)
  })

  it('refuses data in which no sample has an answer to learn from', async () => {
    const run = await planRun(await writeRecords({ instruction: 'Say nothing.' }))
    expect(run.status).toBe(2)
    expect(run.message).toMatch(/^error: /)
  })

  it('names a file that is not there', async () => {
    const run = await planRun(join(folder, 'absent.jsonl'))
    expect(run.status).toBe(2)
    expect(run.message).toContain('FILE')
  })
})

describe('outputs', () => {
  const args = () => ['data', 'katas', '--count', '40', '--out']

  it('leaves an existing output alone', async () => {
    const out = await writeText('mine\n')
    const run = await runCli([...args(), out])
    expect(run.status).toBe(2)
    expect(run.stderr).toContain(`error: the output ${out} exists already\n`)
    expect(await readFile(out, 'utf8')).toBe('mine\n')
  })

  it('says when the disk is full and leaves nothing half-written', async () => {
    const out = join(folder, 'limited/katas.jsonl')
    // A limit on the size of files stands for a full disk: both refuse the write.
    const launcher = ['prlimit', '--fsize=8192']
    const run = await runCli([...args(), out], { launcher })
    expect(run.status).toBe(1)
    expect(run.stderr).toContain(`error: no space left while writing ${out}\n`)
    expect(spawnSync('ls', ['-A', join(folder, 'limited')]).stdout.toString()).toBe('')
  })

  it('names the process that holds the output folder', async () => {
    const out = join(folder, 'held')
    const release = await lockFolder(out)
    try {
      const recipe = await writeText('title: One\nsteps:\n  - id: katas\n    uses: katas\n')
      const run = await runCli(['run', recipe, '--out', out])
      expect(run.status).toBe(1)
      expect(run.stderr).toContain(
        `error: the output folder ${out} is in use by process ${process.pid}\n`,
      )
    } finally {
      await release()
    }
  })
})

describe('a missing dependency', () => {
  it('names the command that installs bubblewrap', async () => {
    const problems = join(folder, 'problems.jsonl')
    const katas = ['data', 'katas', '--split', 'test', '--count', '1', '--out', problems]
    expect(await runCli(katas)).toMatchObject({ status: 0 })
    const { task_id, prompt, canonical_solution } = JSON.parse(await readFile(problems, 'utf8'))
    const samples = await writeRecords({ task_id, solution: prompt + canonical_solution })
    const out = ['--out', join(folder, 'scores')]
    const run = await runCli(['eval', '--problems', problems, '--samples', samples, ...out], {
      env: { PATH: '/nowhere' },
    })
    expect(run.status).toBe(3)
    expect(run.stderr).toMatch(/apt-get install .*bubblewrap/)
  })
})
