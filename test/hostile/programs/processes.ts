import type { HostileProgram } from '../hostile-program.ts'

export const processes: HostileProgram[] = [
  {
    title: 'fork bomb',
    must: 'is ended at its CPU limit',
    source: 'import os\nwhile True:\n  try: os.fork()\n  except OSError: pass',
    outcome: 'timeout',
  },
  {
    title: 'fork bomb in the shell',
    must: 'is ended or runs out of processes',
    language: 'sh',
    source: 'bomb() { bomb | bomb & }; bomb; while true; do :; done',
    outcome: ['timeout', 'error'],
  },
  {
    title: 'more processes than allowed',
    must: 'is refused one',
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
    title: 'more threads than allowed',
    must: 'is refused one',
    source: `
import threading, time
try:
  for _ in range(100): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
except RuntimeError as error: print(error)`,
    outcome: 'ok',
    stdout: "can't start new thread\n",
  },
  {
    title: 'children that nobody waits for',
    must: 'fill only its own limit',
    source: `
import os
try:
  while True:
    if os.fork() == 0: os._exit(0)
except BlockingIOError: print('full')`,
    outcome: 'ok',
    stdout: 'full\n',
  },
  {
    title: 'daemon that outlives its parent',
    must: 'ends with it',
    source: `
import os, time
if os.fork() == 0:
  os.setsid()
  if os.fork() == 0:
    for fd in range(3): os.close(fd)
    time.sleep(60)
  os._exit(0)
print('done')`,
    outcome: 'ok',
    stdout: 'done\n',
  },
  {
    title: 'daemon that ignores every signal and forks anew when it is hit',
    must: 'ends with its parent',
    source: `
import os, signal, time
def again(*_): os.fork()
for number in signal.valid_signals():
  try: signal.signal(number, again)
  except (OSError, ValueError): pass
if os.fork() == 0:
  os.setsid()
  while True: time.sleep(1)
print('done')`,
    outcome: 'ok',
    stdout: 'done\n',
  },
  {
    title: 'child that holds the output open',
    must: 'is not waited for',
    source: 'import subprocess\nsubprocess.Popen(["sleep", "60"])\nprint("done")',
    outcome: 'ok',
    stdout: 'done\n',
  },
  {
    title: 'child that goes on writing after its parent',
    must: 'ends with it',
    source: `
import os, sys
if os.fork() == 0:
  while True: os.write(1, b'more ')
sys.exit(0)`,
    outcome: ['ok', 'output-limit'],
  },
  {
    title: 'kill -9 -1',
    must: 'finds nobody else',
    source: 'import os\ntry: os.kill(-1, 9)\nexcept OSError: pass\nprint("alone")',
    outcome: 'ok',
    stdout: 'alone\n',
  },
  {
    title: 'SIGKILL and SIGSTOP for every process number',
    must: 'reach nobody',
    source: `
import os, signal
hit = []
for pid in [*range(3, 5000), os.getppid()]:
  for number in (signal.SIGSTOP, signal.SIGKILL):
    try:
      if pid not in (0, os.getpid()): os.kill(pid, number); hit.append(pid)
    except OSError: pass
print(hit)`,
    outcome: 'ok',
    stdout: '[]\n',
  },
  {
    title: 'killing process 1 and its parent',
    must: 'changes nothing',
    source: `
import os
for pid in (1, os.getppid()):
  try: pid and os.kill(pid, 9)
  except OSError: pass
print('alive')`,
    outcome: 'ok',
    stdout: 'alive\n',
  },
  {
    title: 'stopping itself',
    must: 'is charged, and ended at its limit',
    source: 'import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)',
    limits: { chargedMs: 300 },
    outcome: 'timeout',
  },
  {
    title: 'replacing itself by a program that sleeps',
    must: 'is ended at its limit',
    source: 'import os\nos.execv("/bin/sleep", ["sleep", "60"])',
    limits: { chargedMs: 300 },
    outcome: 'timeout',
  },
  {
    title: 'signals through a file descriptor owner (F_SETOWN)',
    must: 'reach no process of others',
    source: `
import fcntl, os, signal
out, into = os.pipe()
refused = 0
for pid in range(3, 60):
  if pid == os.getpid(): continue
  try:
    fcntl.fcntl(out, fcntl.F_SETOWN, pid)
  except OSError: refused += 1
print(refused > 50)`,
    outcome: 'ok',
    stdout: 'True\n',
  },
  {
    title: 'limits of other processes (prlimit)',
    must: 'cannot be changed',
    source: `
import os, resource
changed = []
for pid in range(1, 3000):
  if pid == os.getpid(): continue
  try:
    resource.prlimit(pid, resource.RLIMIT_CPU, (0, 0)); changed.append(pid)
  except OSError: pass
print([pid for pid in changed if pid != 1])`,
    outcome: 'ok',
    stdout: '[]\n',
  },
  {
    title: 'real-time priority',
    must: 'is refused',
    source: `
import os
try: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)); print('real time')
except PermissionError: print('refused')
try: os.nice(-10); print('nicer')
except PermissionError: print('refused')`,
    outcome: 'ok',
    stdout: 'refused\nrefused\n',
  },
  {
    title: 'raising its own limits',
    must: 'is refused',
    source: `
import resource
for kind in ('RLIMIT_NPROC', 'RLIMIT_NOFILE', 'RLIMIT_FSIZE', 'RLIMIT_AS', 'RLIMIT_CPU', 'RLIMIT_CORE'):
  number = getattr(resource, kind)
  try: resource.setrlimit(number, (-1, -1)); print(kind)
  except (ValueError, OSError): pass`,
    outcome: 'ok',
    stdout: '',
  },
]
