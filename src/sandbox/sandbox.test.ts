import { execFileSync, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findBubblewrap } from './bubblewrap.ts'
import type { Limits } from './limits.ts'
import { probeSandbox } from './probe.ts'
import { findPython } from './python-installation.ts'
import { createSandbox, type Sandbox } from './sandbox.ts'

const python = (source: string) => ({ language: 'python', source }) as const

describe('a sandbox', () => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await createSandbox({ workers: 2 })
  })
  afterAll(() => sandbox.dispose())

  it('says how it isolates', () => {
    expect(sandbox.isolation).toBe('bubblewrap')
    expect(['tree', 'process']).toContain(sandbox.memoryLimit)
    expect(sandbox.pythonVersion).toMatch(/^3\.\d+\.\d+/)
  })

  it('returns output, status and what was used', async () => {
    const result = await sandbox.run(python('import sys\nprint("a")\nprint("b", file=sys.stderr)'))
    expect(result).toMatchObject({
      outcome: 'ok',
      exitCode: 0,
      signal: null,
      stdout: 'a\n',
      stderr: 'b\n',
      truncated: false,
    })
    expect(result.cpuMs).toBeGreaterThan(0)
    expect(result.cpuMs).toBeLessThan(200)
    expect(result.peakMemoryBytes).toBeGreaterThan(0)
  })

  it('shows an uncaught exception as python main.py does', async () => {
    const result = await sandbox.run(python('def f():\n    raise ValueError("no")\n\nf()\n'))
    expect(result).toMatchObject({
      outcome: 'error',
      exitCode: 1,
      stderr:
        'Traceback (most recent call last):\n' +
        '  File "main.py", line 4, in <module>\n    f()\n' +
        '  File "main.py", line 2, in f\n    raise ValueError("no")\n' +
        'ValueError: no\n',
    })
  })

  it('shows a syntax error with its line', async () => {
    const result = await sandbox.run(python('x = 1\nif x\n  pass\n'))
    expect(result.stderr).toMatch(/^ {2}File "main.py", line 2\n {4}if x\n.*\^\nSyntaxError: /s)
  })

  it('names no folder of this machine in a traceback', async () => {
    const result = await sandbox.run(python('import json\njson.loads("{")'))
    expect(result.stderr).toContain('File "/usr/lib/python3.')
    expect(result.stderr).not.toContain('.pyenv')
  })

  it('runs __main__ blocks, exit functions and final destructors in order', async () => {
    const source = `
import atexit, threading, time
atexit.register(print, 'exit')
class Last:
  def __del__(self): print('del')
last = Last()
threading.Thread(target=lambda: (time.sleep(0.02), print('thread'))).start()
if __name__ == '__main__': print('main')`
    const result = await sandbox.run(python(source))
    expect(result.stdout).toBe('main\nthread\nexit\ndel\n')
  })

  it('draws other random numbers in every program', async () => {
    const source = 'import random\nprint(random.random())'
    const first = await sandbox.run({ language: 'python', source })
    const second = await sandbox.run({ language: 'python', source })
    expect(Number(first.stdout)).toBeGreaterThan(0)
    expect(second.stdout).not.toBe(first.stdout)
  })

  it('gives streams that know what they are', async () => {
    const source = `import sys
for stream in (sys.stdin, sys.stdout, sys.stderr):
  print(stream.name, stream.mode, stream.fileno(), stream.isatty(), stream.seekable(), stream.line_buffering, stream.errors)
print(sys.stdin.readline(), sys.stdin.tell())`
    const result = await sandbox.run({ language: 'python', source, stdin: 'é\nrest' })
    expect(result.stderr).toBe('')
    expect(result.stdout).toBe(
      '<stdin> r 0 False True False strict\n' +
        '<stdout> w 1 False False False strict\n' +
        '<stderr> w 2 False False True backslashreplace\n' +
        'é\n 3\n',
    )
  })

  it('gives the usual recursion depth', async () => {
    const source =
      'def f(n):\n  try: return f(n + 1)\n  except RecursionError: return n\nprint(f(2))'
    const result = await sandbox.run(python(source))
    expect(Math.abs(Number(result.stdout) - 998)).toBeLessThanOrEqual(3)
  })

  it('puts files into the working folder', async () => {
    const files = { 'data/in.txt': 'é\n', 'helper.py': 'def f(): return 5' }
    const source = 'from helper import f\nprint(f(), repr(open("data/in.txt").read()))'
    const result = await sandbox.run({ ...python(source), files })
    expect(result.stdout).toBe("5 'é\\n'\n")
  })

  it('refuses files outside the working folder', async () => {
    await expect(sandbox.run({ ...python(''), files: { '../x': '' } })).rejects.toMatchObject({
      code: 'RC_BAD_FILE_NAME',
      status: 2,
    })
  })

  it('refuses limits that make no sense, naming them', async () => {
    await expect(sandbox.run(python(''), { cpuMs: -1 })).rejects.toMatchObject({
      code: 'RC_BAD_LIMITS',
      message: expect.stringContaining('cpuMs'),
    })
  })

  it('cuts output at its limit and says so', async () => {
    const result = await sandbox.run(python('print("é" * 100)'), { outputBytes: 9 })
    expect(result).toMatchObject({ outcome: 'output-limit', truncated: true, stdout: 'éééé' })
  })

  it('keeps time asleep apart from CPU time', async () => {
    const source = 'import time\ntime.sleep(0.4)\nprint("awake")'
    const result = await sandbox.run(python(source), { cpuMs: 200, chargedMs: 10_000 })
    expect(result).toMatchObject({ outcome: 'ok', stdout: 'awake\n' })
    expect(result.cpuMs).toBeLessThan(200)
  })

  it('runs eight programs at once on two workers, each for itself', async () => {
    const runs = Array.from({ length: 8 }, (_, index) =>
      sandbox.run({
        ...python(`
import os, time
open('/tmp/mine', 'w').write(input())
time.sleep(0.03)
print(open('/tmp/mine').read(), os.listdir('/tmp'))`),
        stdin: `${index}\n`,
      }),
    )
    const results = await Promise.all(runs)
    expect(results.map(({ stdout }) => stdout)).toEqual(
      results.map((_, index) => `${index} ['mine']\n`),
    )
  })

  it('stays the same size over 300 programs', async () => {
    const batch = async (count: number) => {
      for (let run = 0; run < count; run++) {
        const result = await sandbox.run(python('x = list(range(1000))\nprint(len(x))'))
        expect(result.stdout).toBe('1000\n')
      }
    }
    await batch(50)
    const before = serversOf(process.pid)
    await batch(250)
    const after = serversOf(process.pid)
    expect(after.map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid))
    const growth = sum(after.map(({ bytes }) => bytes)) - sum(before.map(({ bytes }) => bytes))
    expect(growth).toBeLessThan(1 << 20)
  })

  it('replaces a server that dies and runs the program again', async () => {
    const running = sandbox.run(python('import time\ntime.sleep(0.5)\nprint("again")'))
    await until(() => serversOf(process.pid).some(({ busy }) => busy))
    for (const { pid, busy } of serversOf(process.pid)) if (busy) process.kill(pid, 'SIGKILL')
    expect(await running).toMatchObject({ outcome: 'ok', stdout: 'again\n' })
  })

  it('replaces a server that is stopped and runs the program again', async () => {
    const running = sandbox.run(python('import time\ntime.sleep(1)\nprint("again")'))
    await until(() => serversOf(process.pid).some(({ busy }) => busy))
    for (const { pid, busy } of serversOf(process.pid)) if (busy) process.kill(pid, 'SIGSTOP')
    expect(await running).toMatchObject({ outcome: 'ok', stdout: 'again\n' })
  })

  it('says infra-error, and nothing of the program, when servers die again and again', async () => {
    const killed = new Set<number>()
    const running = sandbox.run(python('import time\ntime.sleep(60)\nprint("never")'))
    while (killed.size < 3) {
      await until(() => serversOf(process.pid).some(({ pid, busy }) => busy && !killed.has(pid)))
      for (const { pid, busy } of serversOf(process.pid)) {
        if (!busy || killed.has(pid)) continue
        killed.add(pid)
        process.kill(pid, 'SIGKILL')
      }
    }
    expect(await running).toMatchObject({
      outcome: 'infra-error',
      stdout: '',
      fault: expect.stringMatching(/^the fork server ended/),
    })
    const next = await sandbox.run(python('print("well")'))
    expect(next).toMatchObject({ outcome: 'ok', stdout: 'well\n' })
  })
})

describe('a sandbox without cgroups', () => {
  it('says so, and still ends a tree that is over the memory limit', async () => {
    const sandbox = await createSandbox({ workers: 1, cgroups: false })
    const children = `
import os, time
for _ in range(4):
  if os.fork() == 0:
    x = b'x' * (60 << 20)
    time.sleep(60)
    os._exit(0)
os.wait()`
    const limits = { memoryBytes: 128 << 20, chargedMs: 20_000 }
    const tree = await sandbox.run(python(children), limits)
    const node = await sandbox.run(
      { language: 'js', source: 'const a = []; for (;;) a.push(new Array(1e5).fill(1.5))' },
      limits,
    )
    await sandbox.dispose()
    expect(sandbox.memoryLimit).toBe('process')
    expect(sandbox.warnings).toEqual([expect.stringContaining('no writable cgroup')])
    expect(tree).toMatchObject({ outcome: 'memory', limit: 'memoryBytes' })
    expect(node).toMatchObject({ outcome: 'memory', limit: 'memoryBytes' })
  })
})

describe('a sandbox that ends', () => {
  it('leaves no process and no folder after dispose', async () => {
    const before = leftovers()
    const sandbox = await createSandbox({ workers: 1 })
    const running = sandbox.run(python('import time\ntime.sleep(60)'))
    const refused = expect(running).rejects.toMatchObject({ code: 'RC_SANDBOX_DISPOSED' })
    const session = await sandbox.session()
    await session.runCell('1')
    await sandbox.dispose()
    await refused
    expect(serversOf(process.pid)).toEqual([])
    expect(leftovers()).toEqual(before)
    await expect(sandbox.run(python(''))).rejects.toMatchObject({ code: 'RC_SANDBOX_DISPOSED' })
  })

  it('leaves no process when Node is killed', async () => {
    const script = `
import { createSandbox } from ${JSON.stringify(fileURLToPath(new URL('./index.ts', import.meta.url)))}
createSandbox({ workers: 1 }).then((sandbox) => {
  void sandbox.run({ language: 'python', source: 'import time\\ntime.sleep(60)' }, { wallMs: 60000 })
  setTimeout(() => console.log('ready'), 100)
})`
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    await new Promise((resolve) => child.stdout.once('data', resolve))
    const pid = child.pid as number
    const started = descendantsOf(pid)
    expect(started.length).toBeGreaterThan(2)
    child.kill('SIGKILL')
    await until(() => started.every((process) => !existsSync(`/proc/${process}`)))
  })

  it('charges nothing for time in which all of it is stopped', async () => {
    const script = `
import { createSandbox } from ${JSON.stringify(fileURLToPath(new URL('./index.ts', import.meta.url)))}
const source = 'import time\\ntime.sleep(0.6)\\nprint("awake")'
createSandbox({ workers: 1 }).then(async (sandbox) => {
  setTimeout(() => console.log('ready'), 100)
  console.log(JSON.stringify(await sandbox.run({ language: 'python', source }, { chargedMs: 1200 })))
  await sandbox.dispose()
})`
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let output = ''
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString()
    })
    await until(() => output.includes('ready'))
    const pid = child.pid as number
    const all = [...descendantsOf(pid).reverse(), pid]
    for (const each of all) process.kill(each, 'SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 2000))
    for (const each of all) process.kill(each, 'SIGCONT')
    await new Promise((resolve) => child.once('close', resolve))
    const result = JSON.parse(output.replace('ready', '').trim())
    expect(result).toMatchObject({ outcome: 'ok', stdout: 'awake\n' })
    expect(result.wallMs).toBeGreaterThan(1900)
  })

  it('runs with limits but no walls where that is asked for', async () => {
    const before = leftovers()
    const sandbox = await createSandbox({ isolation: 'none', workers: 1 })
    try {
      expect(sandbox.isolation).toBe('none')
      const source = `
import subprocess, os
subprocess.Popen(['sleep', '61'], start_new_session=True)
open('left', 'w').write('x'); os.mkdir('deep'); os.chmod('deep', 0)
print('ok')`
      expect(await sandbox.run(python(source))).toMatchObject({ outcome: 'ok', stdout: 'ok\n' })
      expect(descendantsOf(process.pid).map(commandOf)).not.toContain('sleep 61')
      const looping = await sandbox.run(python('while True: pass'), { cpuMs: 100 })
      expect(looping.outcome).toBe('timeout')
    } finally {
      await sandbox.dispose()
    }
    expect(leftovers()).toEqual(before)
  })
})

describe('an interpreter with a folder of modules of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-venv-'))
  const venv = join(folder, 'venv')
  let sandbox: Sandbox
  beforeAll(async () => {
    execFileSync('python3', ['-m', 'venv', '--without-pip', venv])
    const interpreter = join(venv, 'bin/python')
    const ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    const modules = execFileSync(interpreter, ['-c', ask], { encoding: 'utf8' }).trim()
    const linked = join(folder, 'linked')
    mkdirSync(linked)
    writeFileSync(join(modules, 'installed_there.py'), 'where = "in the folder"\n')
    writeFileSync(join(linked, 'linked_there.py'), 'where = "in a folder that a line names"\n')
    writeFileSync(
      join(modules, 'extra.pth'),
      `${linked}\nimport sys; sys.modules['left_behind'] = sys\n`,
    )
    sandbox = await createSandbox({ isolation: 'none', workers: 1, python: interpreter })
  })
  afterAll(async () => {
    await sandbox.dispose()
    rmSync(folder, { recursive: true })
  })

  it('finds its modules, but runs no code that a .pth file has for every start', async () => {
    const source = `
import sys, installed_there, linked_there
print(installed_there.where, linked_there.where, sep='\\n')
print('left_behind' in sys.modules, sys.prefix, sys.exec_prefix)`
    expect(await sandbox.run(python(source))).toMatchObject({
      stderr: '',
      stdout: `in the folder\nin a folder that a line names\nFalse ${venv} ${venv}\n`,
    })
  })

  it('has what Python adds to the builtins', async () => {
    const source = 'print(quit, copyright, license, credits, help, sep="\\n")\nexit(7)'
    const result = await sandbox.run(python(source))
    expect(result).toMatchObject({ exitCode: 7, stderr: '' })
    expect(result.stdout).toMatch(/^Use quit\(\).*Type help\(\) for interactive help/s)
  })
})

describe('what a sandbox needs', () => {
  it('names the command that installs bubblewrap', async () => {
    const root = process.getuid?.() === 0
    await expect(findBubblewrap('/nowhere')).rejects.toMatchObject({
      name: 'MissingDependencyError',
      code: 'RC_BUBBLEWRAP_MISSING',
      status: 3,
      hint: `Install it: ${root ? '' : 'sudo '}apt-get install -y bubblewrap`,
    })
  })

  it('finds an interpreter that prints something whenever it starts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'loud-python-'))
    const loud = join(folder, 'python')
    writeFileSync(loud, '#!/bin/sh\necho "[welcome]"\nexec python3 "$@"\n', { mode: 0o755 })
    const quiet = await findPython()
    expect(await findPython(loud)).toEqual(quiet)
    expect(quiet.site.path.length).toBeGreaterThan(1)
    rmSync(folder, { recursive: true })
  })

  it('tells a forbidden namespace from a missing bubblewrap', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fake-bwrap-'))
    writeFileSync(join(folder, 'bwrap'), '#!/bin/sh\necho "No permissions" >&2; exit 1\n', {
      mode: 0o755,
    })
    await expect(findBubblewrap(folder)).rejects.toMatchObject({
      code: 'RC_NAMESPACES_FORBIDDEN',
      message: expect.stringContaining('No permissions'),
    })
    rmSync(folder, { recursive: true })
  })

  it('refuses to start with a limit that does not bite, naming it', async () => {
    const sandbox = await createSandbox({ workers: 1 })
    const without = (missing: Partial<Limits>) =>
      probeSandbox({
        walls: true,
        run: (source, limits) => sandbox.run(python(source), { ...limits, ...missing }),
      })
    for (const [missing, name] of [
      [{ memoryBytes: 1 << 30 }, 'memory'],
      [{ processes: 64 }, 'processes'],
      [{ fileBytes: 8 << 20 }, 'file size'],
      [{ openFiles: 5000 }, 'open files'],
      [{ cpuMs: 500 }, 'CPU time'],
      [{ chargedMs: 20_000, wallMs: 200 }, 'charged time'],
      [{ wallMs: 20_000, chargedMs: 200 }, 'wall time'],
      [{ outputBytes: 2000 }, 'output'],
    ] as const) {
      await expect(without(missing)).rejects.toMatchObject({
        code: 'RC_SANDBOX_LIMIT',
        message: expect.stringContaining(name),
      })
    }
    await sandbox.dispose()
  })

  it('names a Python that is not there', async () => {
    await expect(createSandbox({ python: '/nowhere/python3' })).rejects.toMatchObject({
      code: 'RC_PYTHON_MISSING',
      status: 3,
    })
  })
})

interface ServerProcess {
  pid: number
  bytes: number
  busy: boolean
}

/** The fork servers below a process: those that descend from it and run server.py. */
function serversOf(root: number): ServerProcess[] {
  return descendantsOf(root)
    .filter((pid) => /^\S*python\S* .*server\.py/.test(commandOf(pid)))
    .filter((pid) => !/^\S*python\S* .*server\.py/.test(commandOf(parentOf(pid))))
    .map((pid) => ({
      pid,
      bytes: Number(/VmRSS:\s+(\d+)/.exec(statusOf(pid))?.[1] ?? 0) * 1024,
      busy: descendantsOf(pid).length > 0,
    }))
}

function descendantsOf(root: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (/^\d+$/.test(name)) parents.set(Number(name), parentOf(Number(name)))
  }
  const found = [root]
  for (const pid of found) {
    for (const [child, parent] of parents) if (parent === pid) found.push(child)
  }
  return found.slice(1)
}

function parentOf(pid: number): number {
  return Number(/PPid:\s+(\d+)/.exec(statusOf(pid))?.[1] ?? 0)
}

function statusOf(pid: number): string {
  return readOrEmpty(`/proc/${pid}/status`)
}

function commandOf(pid: number): string {
  return readOrEmpty(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`reflectioncoder-${process.pid}-`))
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 3000; attempt++) {
    if (condition()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('the condition did not come true within 30 s')
}
