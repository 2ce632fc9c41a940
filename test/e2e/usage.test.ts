import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandTable } from '../../src/app/cli/index.ts'
import { repository, runCli } from './run-cli.ts'

describe('usage', () => {
  it('lists every command in the help', async () => {
    const { status, stdout } = await runCli(['--help'])
    expect(status).toBe(0)
    for (const { name } of commandTable) expect(stdout).toContain(name.split(' ')[0])
  })

  it.each(commandTable.map(({ name }) => name))('shows an example for %s', async (name) => {
    const { status, stdout } = await runCli([...name.split(' '), '--help'])
    expect(status).toBe(0)
    expect(stdout).toContain(`Example:\n  $ reflectioncoder ${name}`)
  })

  it('ends in silence when its reader has seen enough', async () => {
    const main = join(repository, 'dist/app/cli/main.js')
    const command = `set -o pipefail; '${process.execPath}' '${main}' train --help | head -n 1`
    const { status, stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' })
    expect({ status, stdout, stderr }).toEqual({
      ...{ status: 0, stderr: '' },
      stdout: 'Usage: reflectioncoder train [options]\n',
    })
  })

  it('names the nearest flag for an unknown one and exits with 2', async () => {
    const run = await runCli(['doctor', '--pyton', 'python3'])
    expect(run).toEqual({
      status: 2,
      stdout: '',
      stderr: 'error: unknown option --pyton\nhint: The nearest one is --python.\n',
    })
  })

  it('names the nearest command for an unknown one and exits with 2', async () => {
    const run = await runCli(['docter'])
    expect(run.status).toBe(2)
    expect(run.stderr).toBe('error: unknown command docter\nhint: The nearest one is doctor.\n')
  })

  it('prints an error as JSON when asked for JSON', async () => {
    const run = await runCli(['doctor', '--json', '--pyton', 'python3'])
    expect(JSON.parse(run.stdout)).toEqual({
      error: {
        code: 'RC_UNKNOWN_OPTION',
        message: 'unknown option --pyton',
        hint: 'The nearest one is --python.',
      },
    })
  })

  it('prints the resolved options on a dry run', async () => {
    const run = await runCli(['doctor', '--dry-run', '--json', '--python', 'python3.11'])
    expect(run.status).toBe(0)
    expect(JSON.parse(run.stdout).options).toMatchObject({ python: 'python3.11' })
  })
})

describe('doctor', () => {
  it('says that all is there', async () => {
    const { status, stdout } = await runCli(['doctor', '--json'])
    const report = JSON.parse(stdout) as { checks: { name: string; state: string }[] }
    const states = Object.fromEntries(report.checks.map(({ name, state }) => [name, state]))
    expect(states).toMatchObject({ 'Node.js': 'ok', 'ONNX Runtime': 'ok', Python: 'ok' })
    expect(status).toBe(states.bubblewrap === 'ok' ? 0 : 3)
  })

  it('names the command that installs bubblewrap and exits with 3', async () => {
    const { status, stdout } = await runCli(['doctor'], { env: { PATH: '/nowhere' } })
    expect(status).toBe(3)
    expect(stdout).toContain('apt-get install bubblewrap')
  })
})
