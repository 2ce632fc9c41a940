import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  additionTask,
  additionTeacher,
  startTeacherServer,
  type TeacherServer,
} from '../../src/stages/synth/teachers/teacher-server.fixture.ts'
import { repository, runCli, temporaryFolder } from './run-cli.ts'

let server: TeacherServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

async function prepare(count: number, latencyMs = 0) {
  server = await startTeacherServer({ respond: additionTeacher(1), latencyMs })
  const folder = await temporaryFolder()
  const instructions = join(folder, 'tasks.txt')
  const lines = Array.from({ length: count }, (_, index) => `${additionTask(index + 7)}\n`)
  await writeFile(instructions, lines.join(''))
  const out = join(folder, 'dialogs.jsonl')
  const base = ['synth', '--instructions', instructions, '--teacher', 'endpoint:m', '--out', out]
  const flags = [
    ...base,
    '--near-duplicates',
    '1',
    '--base-url',
    server.baseUrl,
    '--concurrency',
    '2',
  ]
  return { out, flags, server }
}

describe('synth with an endpoint', () => {
  it('writes dialogs whose statistics are drawn', async () => {
    const { out, flags } = await prepare(4)
    const run = await runCli([...flags, '--json'])
    expect(run.status).toBe(0)
    expect(JSON.parse(run.stdout)).toMatchObject({
      kept: 4,
      rounds: { 2: 4 },
      spent: { calls: 16 },
    })
    const stats = await runCli(['data', 'stats', out])
    expect(stats.stdout).toMatch(/dialogs by executions \(rounds\)\n +2 +4 +100\.0 % +█+/)
    expect(stats.stdout).toMatch(/executions by outcome\n +error +4 +50\.0 %.*\n +ok +4 +50\.0 %/)
    expect(stats.stdout).toMatch(/dialogs by language\n +python +4/)
    expect(stats.stdout).toMatch(/\d+ … \d+/)
  })

  it('checks everything on a dry run, and makes no call', async () => {
    const { flags, server } = await prepare(3)
    const run = await runCli([...flags, '--dry-run'])
    expect(run.status).toBe(0)
    expect(run.stdout).toContain('No call was made.')
    expect(run.stdout).toMatch(/total +3\n/)
    expect(server.counts.requests).toBe(0)
    const refused = await runCli([...flags, '--dry-run', '--prompts', '/no/such/folder'])
    expect(refused.status).toBe(2)
  })

  it('prints whole dialogs beforehand, and a forecast', async () => {
    const { flags, server } = await prepare(6)
    const preview = await runCli([...flags, '--preview', '2'])
    expect(preview.status).toBe(0)
    expect(preview.stdout.match(/^tasks-\d, kept$/gm)).toEqual(['tasks-1, kept', 'tasks-2, kept'])
    expect(preview.stdout).toMatch(/^ {2}execution\n {2}│ Traceback/m)
    expect(preview.stdout).toMatch(/^assistant\n {2}text\n {2}│ I add the number\.\n {2}code\n/m)
    expect(preview.stdout).not.toContain('<|')
    const prices = ['--input-price', '1', '--output-price', '2']
    const estimate = await runCli([...flags, ...prices, '--estimate', '--pilot', '3', '--json'])
    expect(JSON.parse(estimate.stdout)).toMatchObject({ instructions: 6, pilot: 3, calls: 24 })
    expect(server.counts.requests).toBe(12)
  })

  it('drains on Ctrl-C with status 130 and goes on by the same command', async () => {
    const { out, flags, server } = await prepare(8, 40)
    const child = spawn(process.execPath, [join(repository, 'dist/app/cli/main.js'), ...flags], {
      stdio: 'ignore',
    })
    const ended = new Promise((resolve) => child.on('exit', resolve))
    while (server.counts.requests < 6) await new Promise((resolve) => setTimeout(resolve, 5))
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(server.counts.requests).toBeLessThan(32)
    expect(server.counts.requests % 4).toBe(0)
    const run = await runCli(flags)
    expect(run.status).toBe(0)
    expect(server.counts.requests).toBe(32)
    expect((await readFile(out, 'utf8')).split('\n')).toHaveLength(9)
  })

  it('explains a teacher that is none', async () => {
    const run = await runCli(['synth', '--instructions', 'x', '--out', 'y', '--teacher', 'gpt'])
    expect(run.status).toBe(2)
    expect(run.stderr).toMatch(/^error: the option --teacher: expected scripted, endpoint:MODEL/)
  })
})
