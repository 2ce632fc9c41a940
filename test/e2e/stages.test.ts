import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repository, runCli } from './run-cli.ts'
import { reflectionDialog, writeTinyModel } from './tiny-model.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stages-'))
  await writeTinyModel(join(folder, 'base'))
  await writeFile(join(folder, 'dialogs.jsonl'), `${JSON.stringify(reflectionDialog)}\n`.repeat(4))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const recipe = `title: A small chain
steps:
  - id: problems
    uses: katas
    with:
      split: test
      count: 4
  - id: step-plan
    uses: plan
    with:
      model: base
      data:
        - dialogs.jsonl
      maxSteps: 2
      sequencesPerStep: 2
  - id: tuned
    uses: train
    with:
      model: base
      plan: \${step-plan}
  - id: samples
    uses: generate
    with:
      model: \${tuned}/model
      problems: \${problems}
      maxNewTokens: 8
  - id: scores
    title: tuned
    uses: eval
    with:
      problems: \${problems}
      samples: \${samples}
`

describe('a recipe of all stages', () => {
  it('goes from dialogs to a report, and skips what is done', async () => {
    await writeFile(join(folder, 'recipe.yaml'), recipe)
    const args = ['run', 'recipe.yaml', '--out', 'chain', '--json']
    const first = await runCli(args, { cwd: folder })
    expect(first.stderr).not.toContain('error:')
    expect(first.status).toBe(0)
    const summary = JSON.parse(first.stdout)
    expect(summary.scores).toMatchObject([{ name: 'tuned', summary: { taskCount: 4 } }])
    const report = await readFile(join(folder, 'chain/report.html'), 'utf8')
    expect(report).toContain('KL(teacher ‖ student)')
    expect(report).toContain('Failing samples')

    const second = JSON.parse((await runCli(args, { cwd: folder })).stdout)
    expect(second.steps.map(({ start }: { start: string }) => start)).toEqual(Array(5).fill('skip'))
    expect(second.scores).toEqual(summary.scores)
  })
})

describe('a dry run of plan and train', () => {
  it('counts steps and tokens and leaves nothing behind', async () => {
    const args = ['--data', 'dialogs.jsonl', '--model', 'base', '--sequences-per-step', '2']
    const dry = ['plan', ...args, '--out', 'dry-plan', '--dry-run', '--json']
    const { forecast } = JSON.parse((await runCli(dry, { cwd: folder })).stdout)
    expect(forecast).toMatchObject({ samples: 4, dropped: 0, steps: 4 })
    expect(forecast.savedByDropping).toBeGreaterThan(0)
    await expect(stat(join(folder, 'dry-plan'))).rejects.toThrow('ENOENT')

    await runCli(['plan', ...args, '--out', 'real-plan'], { cwd: folder })
    const train = [
      'train',
      '--model',
      'base',
      '--plan',
      'real-plan',
      '--out',
      'dry-out',
      '--dry-run',
    ]
    const { status, stdout } = await runCli(train, { cwd: folder })
    expect(status).toBe(0)
    expect(stdout).toMatch(/tokensKept +\d+/)
    expect(stdout).toMatch(/time +about/)
    await expect(stat(join(folder, 'dry-out'))).rejects.toThrow('ENOENT')
  })
})

describe('data inspect', () => {
  const inspect = (...more: string[]) =>
    runCli(['data', 'inspect', 'dialogs.jsonl', '--model', 'base', ...more], { cwd: folder })

  it('shows what teacher and student see and learn', async () => {
    const { status, stdout } = await inspect('--mask', 'all')
    expect(status).toBe(0)
    expect(stdout).toMatch(/code, \d+ tokens: teacher sees all, learns all; student sees none/)
    expect(stdout).toMatch(/execution, \d+ tokens: teacher sees all, learns none/)
  })

  it('hides by the mask rate, and paints on request', async () => {
    const { blocks } = JSON.parse((await inspect('--mask-rate', '0', '--json')).stdout)
    const seen = blocks.map((block: { studentSees: number }) => block.studentSees > 0)
    // block-type hides the texts of the reflection from the start.
    expect(seen).toEqual([false, false, true, true, false, true, true])
    const painted = await runCli(['data', 'inspect', 'dialogs.jsonl', '--model', 'base'], {
      cwd: folder,
      env: { FORCE_COLOR: '1', NO_COLOR: '' },
    })
    expect(painted.stdout).toContain('\u001b[2m')
  })

  it('names the last index there is', async () => {
    const run = await inspect('--index', '5')
    expect(run.status).toBe(2)
    expect(run.stderr).toContain('dialogs.jsonl has 4 dialogs, got --index 5')
  })
})

describe('Ctrl-C', () => {
  it('finishes the current unit, exits with 130 and goes on with the same command', async () => {
    const text = recipe.replace('maxSteps: 2', 'maxSteps: 4000')
    await writeFile(join(folder, 'long.yaml'), text)
    const main = join(repository, 'dist/app/cli/main.js')
    const args = [main, 'run', 'long.yaml', '--out', 'long']
    const child = spawn(process.execPath, args, { cwd: folder })
    let stderr = ''
    child.stderr.on('data', (chunk) => (stderr += chunk))
    const ended = new Promise<number | null>((done) => child.on('close', done))
    await Promise.race([waitForFile(join(folder, 'long/tuned/metrics.jsonl')), ended])
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(stderr).toContain('Stopping after the current unit')
    const forecast = await runCli(['run', 'long.yaml', '--out', 'long', '--dry-run', '--json'], {
      cwd: folder,
    })
    const starts = JSON.parse(forecast.stdout).steps.map(({ start }: { start: string }) => start)
    expect(starts).toEqual(['skip', 'skip', 'resume', 'start', 'start'])
  })
})

async function waitForFile(path: string): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    const text = await readFile(path, 'utf8').catch(() => '')
    if (text !== '') return
    await new Promise((next) => setTimeout(next, 50))
  }
}
