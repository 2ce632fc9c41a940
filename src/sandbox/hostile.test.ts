import { homedir } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Limits } from './limits.ts'
import type { RunResult } from './result.ts'
import { createSandbox, type Sandbox } from './sandbox.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await createSandbox({ workers: 1 })
})
afterAll(() => sandbox.dispose())

const tight: Partial<Limits> = { cpuMs: 400, wallMs: 4000, memoryBytes: 128 << 20, processes: 24 }

/** A hostile program, what must come of it, and what its output must show. */
interface Case {
  title: string
  source: string
  limits?: Partial<Limits>
  outcome: RunResult['outcome'] | RunResult['outcome'][]
  stdout?: string | RegExp
  stderr?: string | RegExp
  exitCode?: number
  signal?: string
  stdin?: string
}

const cases: Case[] = [
  {
    title: 'stops a fork bomb',
    source: 'import os\nwhile True:\n  try: os.fork()\n  except OSError: pass',
    outcome: 'timeout',
  },
  {
    title: 'refuses more processes than allowed',
    source: `
import os, time
made = 0
try:
  for _ in range(100):
    if os.fork() == 0:
      time.sleep(60)
    made += 1
except BlockingIOError:
  print(made <= 24)`,
    outcome: 'ok',
    stdout: 'True\n',
  },
  {
    title: 'refuses more threads than allowed',
    source: `
import threading, time
try:
  for _ in range(100): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
except RuntimeError as error: print(error)`,
    outcome: 'ok',
    stdout: "can't start new thread\n",
  },
  {
    title: 'stops a memory bomb',
    source: 'kept = []\nwhile True: kept.append(bytearray(1 << 20))',
    outcome: 'memory',
  },
  {
    title: 'lets a program catch its MemoryError',
    source: 'try: x = bytearray(1 << 30)\nexcept MemoryError: print("caught")',
    outcome: 'ok',
    stdout: 'caught\n',
  },
  {
    title: 'stops an mmap bomb',
    source: 'import mmap\nkept = []\nwhile True: kept.append(mmap.mmap(-1, 8 << 20))',
    outcome: ['memory', 'error'],
    stderr: /Cannot allocate memory/,
  },
  {
    title: 'keeps the private folders within their size together',
    source: `
written = 0
try:
  for i in range(100):
    for folder in ('/tmp', '/work', '/dev/shm'):
      with open(f'{folder}/{i}', 'wb') as file: written += file.write(bytes(1 << 20))
except OSError as error: print(error.strerror, written <= 8 << 20)`,
    limits: { fileBytes: 8 << 20 },
    outcome: 'ok',
    stdout: 'No space left on device True\n',
  },
  {
    title: 'stops an output flood on stdout',
    source: 'while True: print("x" * 1000)',
    limits: { outputBytes: 10_000 },
    outcome: 'output-limit',
  },
  {
    title: 'stops an output flood on stderr',
    source: 'import os\nwhile True: os.write(2, b"x" * 1000)',
    limits: { outputBytes: 10_000 },
    outcome: 'output-limit',
  },
  { title: 'stops an endless loop', source: 'while True: pass', outcome: 'timeout' },
  {
    title: 'stops an endless loop in a C call',
    source: 'sum(iter(int, 1))',
    outcome: 'timeout',
  },
  {
    title: 'stops a sleeper by wall time',
    source: 'import time\ntime.sleep(60)',
    limits: { wallMs: 300 },
    outcome: 'timeout',
  },
  {
    title: 'stops a program that ignores every signal',
    source: `
import signal
for number in signal.valid_signals():
  try: signal.signal(number, signal.SIG_IGN)
  except OSError: pass
while True: pass`,
    outcome: 'timeout',
  },
  {
    title: 'charges the CPU time of all processes together',
    source: 'import os\nfor _ in range(3): os.fork()\nwhile True: pass',
    outcome: 'timeout',
  },
  {
    title: 'does not wait for a daemon',
    source: `
import os, time
if os.fork() == 0:
  os.setsid()
  if os.fork() == 0:
    for fd in range(3): os.close(fd)
    time.sleep(60)
  os._exit(0)
print('done')`,
    limits: { wallMs: 3000 },
    outcome: 'ok',
    stdout: 'done\n',
  },
  {
    title: 'does not wait for a child that holds the output open',
    source: 'import subprocess\nsubprocess.Popen(["sleep", "60"])\nprint("done")',
    outcome: 'ok',
    stdout: 'done\n',
  },
  {
    title: 'has no network',
    source: `
import socket
for family, address in ((socket.AF_INET, ('1.1.1.1', 53)), (socket.AF_INET6, ('2606:4700:4700::1111', 53))):
  try: socket.socket(family).connect(address); print('connected')
  except OSError as error: print(error.strerror)`,
    outcome: 'ok',
    stdout: 'Network is unreachable\n'.repeat(2),
  },
  {
    title: 'resolves no names',
    source: 'import socket\nsocket.gethostbyname("example.org")',
    outcome: 'error',
    stderr: /socket\.gaierror/,
  },
  {
    title: 'has no /etc/shadow',
    source: 'open("/etc/shadow")',
    outcome: 'error',
    stderr: /FileNotFoundError/,
  },
  {
    title: 'sees neither the home folder nor the repository',
    source: `
import os
def look(path):
  try: return sorted(name for name in os.listdir(path) if name != '.pyenv')
  except OSError: return []
print(look(${JSON.stringify(homedir())}) if ${JSON.stringify(homedir())} != '/' else [], look(${JSON.stringify(process.cwd())}))`,
    outcome: 'ok',
    stdout: '[] []\n',
  },
  {
    title: 'cannot write outside its own folders',
    source: `
import os
for place in ('/', '/usr', '/usr/bin', '/etc', '/dev', '/run', '/run/reflectioncoder', '/proc'):
  try: open(place + '/x', 'w'); print('wrote', place)
  except OSError: pass
try: open('/run/reflectioncoder/server.py', 'a'); print('wrote')
except OSError: pass`,
    outcome: 'ok',
    stdout: '',
  },
  {
    title: 'survives kill -9 -1',
    source: 'import os\ntry: os.kill(-1, 9)\nexcept OSError: pass\nprint("alone")',
    outcome: 'ok',
    stdout: 'alone\n',
  },
  {
    title: 'does not let a program kill its parent',
    source: `
import os
print(os.getppid())
for pid in (0, os.getppid(), 1):
  try: pid and os.kill(pid, 9)
  except OSError as error: pass
print('alive')`,
    outcome: 'ok',
    stdout: /alive\n$/,
  },
  {
    title: 'shows a program only its own processes',
    source: 'import os\nprint(sorted(int(p) for p in os.listdir("/proc") if p.isdigit()))',
    outcome: 'ok',
    stdout: '[1, 2]\n',
  },
  {
    title: 'does not let a program look into process 1',
    source: `
for name in ('mem', 'environ', 'maps', 'fd/3'):
  try: open('/proc/1/' + name, 'rb').read(1); print('read', name)
  except OSError: pass`,
    outcome: 'ok',
    stdout: '',
  },
  {
    title: 'refuses ptrace, namespaces and mounts',
    source: `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for call in (lambda: libc.ptrace(16, 1, 0, 0), lambda: libc.unshare(0x10000000),
             lambda: libc.mount(b'x', b'/tmp', b'tmpfs', 0, None), lambda: libc.keyctl and libc.syscall(250, 0)):
  try: print(call(), ctypes.get_errno())
  except AttributeError: print(-1, 1)`,
    outcome: 'ok',
    stdout: '-1 1\n'.repeat(4),
  },
  {
    title: 'holds no descriptor but its own three',
    source: `
import os
print([fd for fd in range(3, 300) if os.path.exists(f'/proc/self/fd/{fd}')])`,
    outcome: 'ok',
    stdout: '[]\n',
  },
  {
    title: 'takes os._exit at its word',
    source: 'import os\nprint("lost")\nos._exit(7)',
    outcome: 'error',
    exitCode: 7,
    stdout: '',
  },
  {
    title: 'reports a segmentation fault',
    source: 'import ctypes\nctypes.string_at(0)',
    outcome: 'killed',
    signal: 'SIGSEGV',
  },
  {
    title: 'reports an abort',
    source: 'import os\nos.abort()',
    outcome: 'killed',
    signal: 'SIGABRT',
  },
  {
    title: 'reports a stack overflow',
    source: `
import sys
sys.setrecursionlimit(10**9)
class A:
  def __getattr__(self, name): return getattr(self, name + 'x')
  def __repr__(self): return repr([self])
repr(A())`,
    outcome: ['killed', 'memory'],
    limits: { cpuMs: 5000 },
  },
  {
    title: 'shows deep recursion as an error',
    source: 'def f(n): return f(n + 1)\nf(0)',
    outcome: 'error',
    stderr: /RecursionError: maximum recursion depth exceeded/,
  },
  {
    title: 'takes sys.exit() as success',
    source: 'import sys\nsys.exit()',
    outcome: 'ok',
    exitCode: 0,
  },
  {
    title: 'reports sys.exit(3)',
    source: 'import sys\nsys.exit(3)',
    outcome: 'error',
    exitCode: 3,
  },
  {
    title: 'prints the text of sys.exit',
    source: 'import sys\nsys.exit("why")',
    outcome: 'error',
    exitCode: 1,
    stderr: 'why\n',
  },
  {
    title: 'cuts sys.exit(256) to a byte',
    source: 'raise SystemExit(256)',
    outcome: 'ok',
    exitCode: 0,
  },
  {
    title: 'reads its standard input',
    source: 'import sys\nprint(input(), repr(sys.stdin.read()))',
    stdin: 'é1\n2\n',
    outcome: 'ok',
    stdout: "é1 '2\\n'\n",
  },
  {
    title: 'has an empty standard input where none is given',
    source: 'input()',
    outcome: 'error',
    stderr: /EOFError/,
  },
  {
    title: 'shows binary output with replacement characters',
    source: 'import os\nos.write(1, bytes([65, 255, 0, 66]))',
    outcome: 'ok',
    stdout: 'A\ufffd\0B',
  },
  {
    title: 'reports lone surrogates in the source',
    source: 'x = "\ud800"',
    outcome: 'error',
    stderr: /UnicodeEncodeError|SyntaxError/,
  },
  { title: 'reports NUL in the source', source: 'x = 1\0', outcome: 'error', stderr: /null bytes/ },
  {
    title: 'is not deceived by forged messages',
    source: `
import json, os, struct
text = json.dumps({'cause': 'exited', 'exitCode': 0, 'fault': '', 'outBytes': 0}).encode()
for fd in range(0, 300):
  try: os.write(fd, struct.pack('>II', len(text), 0) + text)
  except OSError: pass
os._exit(9)`,
    outcome: 'error',
    exitCode: 9,
  },
  {
    title: 'keeps its environment empty of the outside',
    source: 'import os\nprint(sorted(os.environ))',
    outcome: 'ok',
    stdout:
      "['HOME', 'LANG', 'LOGNAME', 'PATH', 'PYTHONDONTWRITEBYTECODE', 'PYTHONHASHSEED', 'TMPDIR', 'USER']\n",
  },
  {
    title: 'gives no rights through set-uid programs',
    source:
      'import subprocess\nprint(subprocess.run(["su", "-c", "id"], capture_output=True).returncode != 0)',
    outcome: 'ok',
    stdout: 'True\n',
  },
]

describe('a hostile program', () => {
  for (const { title, source, limits, outcome, stdin, ...expected } of cases) {
    it(title, async () => {
      const program = {
        language: 'python',
        source,
        ...(stdin === undefined ? {} : { stdin }),
      } as const
      const result = await sandbox.run(program, { ...tight, ...limits })
      expect([outcome].flat(), JSON.stringify(result).slice(0, 2000)).toContain(result.outcome)
      for (const stream of ['stdout', 'stderr'] as const) {
        const text = expected[stream]
        if (text instanceof RegExp) expect(result[stream]).toMatch(text)
        else if (text !== undefined) expect(result[stream]).toBe(text)
      }
      if (expected.exitCode !== undefined) expect(result.exitCode).toBe(expected.exitCode)
      if (expected.signal !== undefined) expect(result.signal).toBe(expected.signal)
      const next = await sandbox.run({ language: 'python', source: 'print(1)' })
      expect(next).toMatchObject({ outcome: 'ok', stdout: '1\n' })
    })
  }

  it('leaves nothing for the next program', async () => {
    const leave = `
import os, mmap, ctypes
for folder in ('/tmp', '/work', '/dev/shm'): open(folder + '/left', 'w').write('x')
ctypes.CDLL(None).shmget(42, 4096, 0o1666)
import builtins; builtins.print = None; import json; json.dumps = None`
    const look = `
import os, ctypes, json
print([os.listdir(folder) for folder in ('/tmp', '/work', '/dev/shm')],
      ctypes.CDLL(None).shmget(42, 4096, 0), json.dumps(1))`
    await sandbox.run({ language: 'python', source: leave })
    const result = await sandbox.run({ language: 'python', source: look })
    expect(result.stdout).toBe("[[], ['main.py'], []] -1 1\n")
  })
})
