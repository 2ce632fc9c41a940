import { type HostileProgram, systemCalls } from '../hostile-program.ts'

const flooded = { outputBytes: 10_000 }

export const outputAndTime: HostileProgram[] = [
  {
    title: 'flood of standard output',
    must: 'is cut at the limit',
    source: 'while True: print("x" * 1000)',
    limits: flooded,
    outcome: 'output-limit',
  },
  {
    title: 'flood of standard error',
    must: 'is cut at the limit',
    source: 'import os\nwhile True: os.write(2, b"x" * 1000)',
    limits: flooded,
    outcome: 'output-limit',
  },
  {
    title: 'flood of every descriptor',
    must: 'is cut at the limit',
    source: `
import os
while True:
  for fd in range(256):
    try: os.write(fd, b'x' * 1000)
    except OSError: pass`,
    limits: flooded,
    outcome: 'output-limit',
  },
  {
    title: 'flood through /dev/stdout and /proc/self/fd',
    must: 'is cut at the limit',
    source: `
while True:
  for name in ('/dev/stdout', '/proc/self/fd/1', '/proc/self/fd/2'):
    try: open(name, 'w').write('x' * 1000)
    except OSError: pass`,
    limits: flooded,
    outcome: 'output-limit',
  },
  {
    title: 'flood from many processes',
    must: 'is cut at the limit',
    source: 'import os\nfor _ in range(3): os.fork()\nwhile True: os.write(1, b"x" * 1000)',
    limits: flooded,
    outcome: 'output-limit',
  },
  {
    title: 'one line of 100 MB',
    must: 'is cut at the limit',
    source: 'import os\nwhile True: os.write(1, b"x" * 65536)',
    outcome: 'output-limit',
  },
  {
    title: 'bytes that are no text',
    must: 'become replacement characters',
    source: 'import os\nos.write(1, bytes([65, 255, 0, 66]) + b"\\x1b[2J")',
    outcome: 'ok',
    stdout: 'A\ufffd\0B\u001b[2J',
  },
  {
    title: 'endless loop',
    must: 'is ended at its CPU limit',
    source: 'while True: pass',
    outcome: 'timeout',
  },
  {
    title: 'endless loop in C',
    must: 'is ended at its CPU limit',
    source: 'sum(iter(int, 1))',
    outcome: 'timeout',
  },
  {
    title: 'regular expression that backtracks for ever',
    must: 'is ended at its CPU limit',
    source: 'import re\nre.match("(a+)+$", "a" * 40 + "b")',
    outcome: 'timeout',
  },
  {
    title: 'sleeping for ever',
    must: 'is charged, and ended at its limit',
    source: 'import time\ntime.sleep(60)',
    limits: { chargedMs: 300 },
    outcome: 'timeout',
  },
  {
    title: 'sleeping in short steps between computations',
    must: 'is charged for both',
    source: 'import time\nwhile True:\n  time.sleep(0.001)\n  sum(range(1000))',
    limits: { chargedMs: 300 },
    outcome: 'timeout',
  },
  {
    title: 'sleeping beside a busy child, so as to look runnable',
    must: 'is ended at a limit',
    source: 'import os, time\nif os.fork() == 0:\n  while True: pass\ntime.sleep(60)',
    outcome: 'timeout',
  },
  {
    title: 'waiting for input that never comes',
    must: 'is charged, and ended at its limit',
    source: 'import os\nout, into = os.pipe()\nos.read(out, 1)',
    limits: { chargedMs: 300 },
    outcome: 'timeout',
  },
  {
    title: 'a lock that is never freed',
    must: 'is charged, and ended at its limit',
    source: 'import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()',
    limits: { chargedMs: 300 },
    outcome: 'timeout',
  },
  {
    title: 'a thread that never ends',
    must: 'is charged, and ended at its limit',
    source: 'import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()',
    limits: { chargedMs: 300 },
    outcome: 'timeout',
  },
  {
    title: 'an exit function that never ends',
    must: 'is ended at its CPU limit',
    source: 'import atexit\n@atexit.register\ndef f():\n  while True: pass',
    outcome: 'timeout',
  },
  {
    title: 'a destructor that never ends',
    must: 'is ended at its CPU limit',
    source: 'class A:\n  def __del__(self):\n    while True: pass\na = A()',
    outcome: 'timeout',
  },
  {
    title: 'ignoring every signal',
    must: 'is ended at its CPU limit',
    source: `
import signal
for number in signal.valid_signals():
  try: signal.signal(number, signal.SIG_IGN)
  except OSError: pass
while True: pass`,
    outcome: 'timeout',
  },
  {
    title: 'catching every exception',
    must: 'is ended at its CPU limit',
    source: 'while True:\n  try:\n    while True: pass\n  except BaseException: pass',
    outcome: 'timeout',
  },
  {
    title: 'computing in eight processes at once',
    must: 'is charged for all of them',
    source: 'import os\nfor _ in range(3): os.fork()\nwhile True: pass',
    outcome: 'timeout',
  },
  {
    title: 'setting the clock',
    must: 'is refused',
    source: `${systemCalls}
time = (ctypes.c_long * 2)(0, 0)
print(call('settimeofday', time, None), call('clock_settime', 0, time), call('adjtimex', None))
libc.clock_adjtime(0, None)`,
    outcome: 'ok',
    stdout: 'EPERM EPERM EPERM\n',
  },
  {
    title: 'patching the time module',
    must: 'changes no limit',
    source: `
import time
time.time = time.monotonic = time.perf_counter = time.process_time = lambda: 0
time.monotonic_ns = time.clock_gettime_ns = lambda *_: 0
while True: pass`,
    outcome: 'timeout',
  },
]
