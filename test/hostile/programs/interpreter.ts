import type { HostileProgram } from '../hostile-program.ts'

export const interpreter: HostileProgram[] = [
  {
    title: 'os._exit(0) in the middle',
    must: 'is an exit with status 0; judges do not take it for a pass',
    source: 'import os\nprint("lost")\nos._exit(0)',
    outcome: 'ok',
    stdout: '',
  },
  {
    title: 'os._exit with a status',
    must: 'is taken at its word',
    source: 'import os\nos._exit(7)',
    outcome: 'error',
    exitCode: 7,
  },
  {
    title: 'segmentation fault',
    must: 'is killed by SIGSEGV',
    source: 'import ctypes\nctypes.string_at(0)',
    outcome: 'killed',
    signal: 'SIGSEGV',
  },
  {
    title: 'abort',
    must: 'is killed by SIGABRT',
    source: 'import os\nos.abort()',
    outcome: 'killed',
    signal: 'SIGABRT',
  },
  {
    title: 'killing itself',
    must: 'is killed by SIGKILL',
    source: 'import os\nos.kill(os.getpid(), 9)',
    outcome: 'killed',
    signal: 'SIGKILL',
  },
  {
    title: 'stack overflow in C',
    must: 'is killed, or runs out of memory',
    source: `
import sys
sys.setrecursionlimit(10**9)
class A:
  def __getattr__(self, name): return getattr(self, name + 'x')
  def __repr__(self): return repr([self])
repr(A())`,
    limits: { cpuMs: 5000, chargedMs: 8000 },
    outcome: ['killed', 'memory'],
  },
  {
    title: 'deep recursion',
    must: 'is an ordinary error',
    source: 'def f(n): return f(n + 1)\nf(0)',
    outcome: 'error',
    stderr: /RecursionError: maximum recursion depth exceeded/,
  },
  {
    title: 'an exit status above 255',
    must: 'is cut to a byte, as Python does',
    source: 'raise SystemExit(256)',
    outcome: 'ok',
    exitCode: 0,
  },
  {
    title: 'an exception that cannot be shown',
    must: 'is an ordinary error',
    source: `
class Odd(Exception):
  def __str__(self): raise self
  __repr__ = __str__
raise Odd()`,
    outcome: 'error',
    exitCode: 1,
  },
  {
    title: 'broken streams',
    must: 'is an ordinary end',
    source: `
import sys
class Bad:
  def write(self, *_): raise RuntimeError
  flush = close = fileno = write
sys.stdout = sys.stderr = Bad()
raise ValueError`,
    outcome: 'error',
  },
  {
    title: 'closing every descriptor',
    must: 'is an ordinary end',
    source: 'import os\nos.closerange(0, 256)',
    outcome: ['ok', 'error'],
  },
  {
    title: 'patching builtins and modules that the server uses',
    must: 'changes nothing for later programs',
    source: `
import builtins, json, os, select, signal, sys, time
for module in (json, os, select, signal, time):
  for name in list(vars(module)):
    if not name.startswith('__') and name not in ('_exit', 'write'):
      try: setattr(module, name, None)
      except Exception: pass
for name in ('print', 'open', 'len', 'isinstance', 'Exception', '__import__', 'exec', 'compile'):
  setattr(builtins, name, None)
sys.modules.clear()`,
    outcome: ['ok', 'error', 'killed'],
  },
  {
    title: 'patching numbers in the interpreter itself',
    must: 'changes nothing for later programs',
    source: `
import ctypes
number = 7
ctypes.memset(id(number) + 24, 9, 1)
print(3 + 4)`,
    outcome: ['ok', 'killed', 'error'],
  },
  {
    title: 'trace and profile functions, collector callbacks, audit hooks',
    must: 'see nothing but the program',
    source: `
import gc, sys, threading
seen = set()
def look(frame, *_):
  seen.add(frame.f_code.co_filename.rsplit('/', 1)[-1])
  return look
sys.settrace(look); sys.setprofile(look); threading.settrace(look)
gc.callbacks.append(lambda *_: None)
sys.addaudithook(lambda *_: None)
def f(): return 1
f()
sys.settrace(None); sys.setprofile(None)
print(sorted(seen & {'server.py', 'task.py', 'children.py', 'program.py'}))`,
    outcome: 'ok',
    stdout: '[]\n',
  },
  {
    title: 'frames and objects of the server',
    must: 'hold no other program',
    source: `
import gc, sys
needle = 'neighbour-' + 'secret'
frame, texts = sys._getframe(), []
while frame is not None:
  texts += [value for value in frame.f_locals.values() if isinstance(value, str)]
  frame = frame.f_back
for thing in gc.get_objects():
  if isinstance(thing, dict): texts += [value for value in list(thing.values()) if isinstance(value, str)]
print(sum(needle in text for text in texts if text != needle))`,
    limits: { cpuMs: 2000 },
    outcome: 'ok',
    stdout: '0\n',
  },
  {
    title: 'searching its whole memory for the texts of earlier programs',
    must: 'finds none',
    source: `
needle = ('neighbour-' + 'secret-').encode() + b'4711'
planted = 'planted-' + needle.decode()
found, control = 0, False
with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', 0) as memory:
  for line in maps.read().splitlines():
    place, rights = line.split()[:2]
    if not rights.startswith('rw') or '[v' in line: continue
    start, end = (int(text, 16) for text in place.split('-'))
    try:
      memory.seek(start)
      data = memory.read(end - start)
    except (OSError, MemoryError, ValueError): continue
    at = data.find(needle)
    while at >= 0:
      control = control or data[at - 8:at] == b'planted-'
      # As it stands in a neighbour's source or input; this source does not hold it.
      found += data[at - 10:at].endswith(b"marker = '"[:10]) or data[at - 9:at].endswith(b'stdin":"')
      at = data.find(needle, at + 1)
    del data
print(control, found)`,
    limits: { cpuMs: 4000, chargedMs: 8000, memoryBytes: 512 << 20 },
    outcome: 'ok',
    stdout: 'True 0\n',
  },
  {
    title: 'forged messages of the protocol on every descriptor',
    must: 'deceive nobody',
    source: `
import json, os, struct
text = json.dumps({'cause': 'exited', 'exitCode': 0, 'fault': '', 'lengths': [0, 0]}).encode()
for fd in range(3, 300):
  try: os.write(fd, struct.pack('>II', len(text), 0) + text); print('wrote', fd)
  except OSError: pass
os._exit(9)`,
    outcome: 'error',
    exitCode: 9,
    stdout: '',
  },
  {
    title: 'descriptors of the server',
    must: 'are not held',
    source: `
import os
print([fd for fd in range(3, 300) if os.path.exists(f'/proc/self/fd/{fd}')])`,
    outcome: 'ok',
    stdout: '[]\n',
  },
  {
    title: 'command line and settings of the server',
    must: 'tell nothing',
    source: `
import sys
print(sys.argv, sys.orig_argv, open('/proc/self/environ').read().count('SECRET'))`,
    outcome: 'ok',
    stdout: "['main.py'] ['python', 'main.py'] 0\n",
  },
  {
    title: 'a fault pipe of its own making',
    must: 'is not taken for a fault of the sandbox',
    source: `
import os
for fd in range(3, 64):
  try: os.write(fd, b"OSError('fault')")
  except OSError: pass
os._exit(70)`,
    outcome: 'error',
    exitCode: 70,
  },
]
