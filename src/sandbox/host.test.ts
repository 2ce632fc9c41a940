import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Host } from './host.ts'
import { createSandbox, type Sandbox } from './sandbox.ts'

const judge = `
import json

def load(setup):
    with open(setup['data']) as file:
        return {'inputs': json.load(file), 'calls': 0}

def handle(state, payload, report):
    state['calls'] += 1
    namespace = {}
    exec(payload['source'], namespace)
    for value in state['inputs']:
        report([state['calls'], namespace['f'](value)])
`

let folder: string
let sandbox: Sandbox
let host: Host
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'host-test-'))
  const module = join(folder, 'judge.py')
  const data = join(folder, 'inputs.json')
  await writeFile(module, judge)
  await writeFile(data, '[1, 12345678901234567890]')
  sandbox = await createSandbox({ workers: 1 })
  host = sandbox.host({ module, setup: { data }, readable: [data] })
})
afterAll(async () => {
  await sandbox.dispose()
  await rm(folder, { recursive: true })
})

describe('a host', () => {
  it('answers each call from the loaded state, in JSON as Python writes it', async () => {
    const source = 'def f(x):\n  print("seen", x)\n  return x + 1'
    for (let call = 0; call < 2; call++) {
      const result = await host.call({ source })
      expect(result).toMatchObject({
        outcome: 'ok',
        lines: ['[1, 2]', '[1, 12345678901234567891]'],
      })
      expect(result.stdout).toBe('seen 1\nseen 12345678901234567890\n')
    }
  })

  it('keeps the lines that were reported before the end', async () => {
    const source = 'def f(x):\n  if x > 1:\n    import os; os._exit(4)\n  return x'
    expect(await host.call({ source })).toMatchObject({
      outcome: 'error',
      exitCode: 4,
      lines: ['[1, 1]'],
    })
  })

  it('stops a call at its limits', async () => {
    const source = 'def f(x):\n  while True: pass'
    expect(await host.call({ source }, { cpuMs: 100 })).toMatchObject({
      outcome: 'timeout',
      lines: [],
    })
  })

  it('shows what a call raised', async () => {
    const result = await host.call({ source: 'def f(x): return 1 / 0' })
    expect(result).toMatchObject({ outcome: 'error', exitCode: 1, lines: [] })
    expect(result.stderr).toMatch(/ZeroDivisionError: division by zero\n$/)
  })
})
