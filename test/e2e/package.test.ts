import { spawnSync } from 'node:child_process'
import { readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { repository, temporaryFolder } from './run-cli.ts'

it('runs from a packed archive in another folder', async () => {
  const folder = await temporaryFolder()
  run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], repository)
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz')) as string
  const target = join(folder, 'node_modules/reflectioncoder')
  await mkdir(join(folder, 'node_modules/.bin'), { recursive: true })
  await mkdir(target)
  run('tar', ['-xzf', join(folder, archive), '-C', target, '--strip-components=1'], folder)
  // The dependencies of this clone stand in for those that npm would fetch.
  for (const name of readdirSync(join(repository, 'node_modules'))) {
    if (name.startsWith('.') || name === 'reflectioncoder') continue
    symlinkSync(join(repository, 'node_modules', name), join(folder, 'node_modules', name))
  }
  symlinkSync(
    '../reflectioncoder/dist/app/cli/main.js',
    join(folder, 'node_modules/.bin/reflectioncoder'),
  )
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')

  const version = run('npx', ['--no-install', 'reflectioncoder', '--version'], folder)
  expect(version.trim()).toMatch(/^\d+\.\d+\.\d+$/)
  const doctor = run('npx', ['--no-install', 'reflectioncoder', 'doctor', '--json'], folder)
  expect(JSON.parse(doctor)).toMatchObject({ ready: true })
  const forecast = run(
    'npx',
    ['--no-install', 'reflectioncoder', 'quickstart', '--dry-run'],
    folder,
  )
  expect(forecast).toContain(`${target}/models/kata-base`)
})

it('runs as npx reflectioncoder in the clone', () => {
  const output = run('npx', ['--no-install', 'reflectioncoder', '--version'], repository)
  expect(output.trim()).toMatch(/^\d+\.\d+\.\d+$/)
})

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  return stdout
}
