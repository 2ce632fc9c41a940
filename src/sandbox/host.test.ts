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

  it('runs whole programs on its servers too', async () => {
    const source = "import sys\nprint('host_module' in sys.modules, input())"
    expect(await host.run({ language: 'python', source, stdin: 'x' })).toMatchObject({
      outcome: 'ok',
      stdout: 'True x\n',
    })
  })

  it('takes over the server that has started where its programs may read what is needed', async () => {
    const own = await createSandbox({ workers: 1, readable: [folder] })
    const source = 'import os\nprint(os.readlink("/proc/self/ns/uts"))'
    const nameOf = async (runner: Pick<Sandbox, 'run'>) =>
      (await runner.run({ language: 'python', source })).stdout
    const first = await nameOf(own)
    const setup = { data: join(folder, 'inputs.json') }
    const taking = own.host({ module: join(folder, 'judge.py'), setup, readable: [setup.data] })
    expect(await nameOf(taking)).toBe(first)
    expect(await taking.call({ source: 'def f(x): return x' })).toMatchObject({ outcome: 'ok' })
    const next = await nameOf(own)
    expect(next).not.toBe(first)
    const readable = [setup.data, '/opt']
    const more = own.host({ module: join(folder, 'judge.py'), setup, readable })
    expect(await nameOf(more)).not.toBe(next)
    expect(await nameOf(own)).toBe(next)
    await own.dispose()
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

describe('a host with candidates', () => {
  const judging = `
import json, struct

def load(setup): return {'input': 20}

def candidate(state, channel):
    source = channel.recv(100000).decode()
    namespace = {'channel': channel}
    exec(source, namespace)
    channel.sendall(json.dumps(namespace['f'](state['input'])).encode())

def handle(state, payload, report, candidates):
    secret = payload['expected']
    for source in payload['sources']:
        one = candidates.start(chargedMs=payload.get('chargedMs', 5000))
        one.channel.sendall(source.encode())
        data = b''
        while part := one.channel.recv(1000): data += part
        ending = one.end()
        report([data == json.dumps(secret).encode(), ending['cause'], ending['exitCode'], ending['signal']])
`
  let judge: Host
  beforeAll(async () => {
    const module = join(folder, 'candidates.py')
    await writeFile(module, judging)
    judge = sandbox.host({ module })
  })
  const verdicts = async (sources: string[], chargedMs = 5000) => {
    const result = await judge.call({ sources, expected: 4242, chargedMs })
    expect(result).toMatchObject({ outcome: 'ok', stderr: '' })
    return result.lines.map((line) => JSON.parse(line))
  }

  it('runs each in a fork of its own and sees how it ended', async () => {
    const sources = [
      'def f(x): return 4242',
      'def f(x): return x',
      'import os\nos._exit(0)',
      'import ctypes\nctypes.string_at(0)',
      'def f(x): return 4242',
    ]
    expect(await verdicts(sources)).toEqual([
      [true, 'exited', 0, null],
      [false, 'exited', 0, null],
      [false, 'exited', 0, null],
      [false, 'exited', null, 11],
      [true, 'exited', 0, null],
    ])
  })

  it('ends one at its limit', async () => {
    const sources = ['while True: pass', 'import time\ntime.sleep(60)', 'def f(x): return 4242']
    const causes = (await verdicts(sources, 200)).map(([, cause]) => cause)
    expect(causes).toEqual(['charged-timeout', 'charged-timeout', 'exited'])
  })

  it('cannot be stopped, killed or read by one', async () => {
    const attack = `
import os, signal, ctypes, gc
seen = []
for pid in list(range(-1, 40)) + [os.getppid()]:
    if pid not in (0, os.getpid()):
        for number in (signal.SIGSTOP, signal.SIGKILL):
            try: os.kill(pid, number); seen.append(pid)
            except OSError: pass
        try:
            import resource
            resource.prlimit(pid, resource.RLIMIT_CPU, (0, 0)); seen.append(pid)
        except OSError: pass
others = [p for p in os.listdir('/proc') if p.isdigit() and int(p) not in (1, os.getpid())]
needle = str(4241 + 1)
found = [o for o in gc.get_objects() if type(o) is dict and o.get('expected') == 4241 + 1]
def f(x): return [others, found, [p for p in seen if p not in (1, -1)]]
`
    const reveal = `
def f(x): return 1`
    const module = join(folder, 'shown.py')
    await writeFile(module, judging.replace('data == json.dumps(secret).encode()', 'data.decode()'))
    const shown = sandbox.host({ module })
    const sources = [attack, reveal]
    const result = await shown.call({ sources, expected: 4242 })
    await shown.dispose()
    expect(result.lines.map((line) => JSON.parse(line)[0])).toEqual(['[[], [], []]', '1'])
  })

  it('works without walls where that is asked for', async () => {
    const open = await createSandbox({ isolation: 'none', workers: 1 })
    const judgeThere = open.host({ module: join(folder, 'candidates.py') })
    const sources = ['def f(x): return 4242', 'import os\nos.fork()\nwhile True: pass']
    const result = await judgeThere.call({ sources, expected: 4242, chargedMs: 300 })
    await open.dispose()
    expect(result.outcome, JSON.stringify(result)).toBe('ok')
    const causes = result.lines.map((line) => JSON.parse(line)[1])
    expect(causes[0]).toBe('exited')
    expect(causes[1]).toMatch(/-timeout$/)
  })
})
