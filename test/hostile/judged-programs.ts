/** A program that tries to be judged better than it is, and the status that it must get. */
export interface JudgedProgram {
  title: string
  must: string
  source: string
  status: 'pass' | 'fail' | 'timeout' | readonly ('fail' | 'timeout')[]
}

/** All are for one problem: `f(x)` is the list `[x * 7919 + 1]`. None knows that. */
export const judgedProgram = {
  reference: 'def f(x):\n    return [x * 7919 + 1]\n',
  inputs: [[1], [2], [3]],
}

const equalToAll = `
class All:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __len__(self): return 1
    def __iter__(self): return iter([self])
    def __getitem__(self, _): return self
    def __float__(self): return 0.0
    def __abs__(self): return self
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __sub__(self, other): return self
    __rsub__ = __add__ = __radd__ = __sub__
    def __hash__(self): return 0
`

export const judgedPrograms: readonly JudgedProgram[] = [
  {
    title: 'an object equal to everything',
    must: 'equals nothing',
    source: `${equalToAll}
def f(x): return All()`,
    status: 'fail',
  },
  {
    title: 'a list of such objects',
    must: 'equals nothing',
    source: `${equalToAll}
def f(x): return [All()]`,
    status: 'fail',
  },
  {
    title: 'subclasses of list and int with an __eq__ of their own',
    must: 'count as what they hold',
    source: `
class I(int):
    def __eq__(self, other): return True
class L(list):
    def __eq__(self, other): return True
def f(x): return L([I(5)])`,
    status: 'fail',
  },
  {
    title: 'a class that says it is another',
    must: 'equals nothing',
    source: `
class Fake:
    @property
    def __class__(self): return list
    def __eq__(self, other): return True
    def __len__(self): return 1
def f(x): return Fake()`,
    status: 'fail',
  },
  {
    title: 'patched builtins',
    must: 'change no verdict',
    source: `
import builtins
for name in ('all', 'any', 'isinstance', 'issubclass', 'hasattr', 'callable'):
    setattr(builtins, name, lambda *_: True)
builtins.len = lambda *_: 1
builtins.abs = lambda *_: 0
builtins.zip = lambda *_: ()
builtins.type = lambda *_: list
def f(x): return [0]`,
    status: ['fail', 'timeout'],
  },
  {
    title: 'patched numpy and math',
    must: 'change no verdict',
    source: `
import math
math.isclose = lambda *_, **__: True
try:
    import numpy
    numpy.allclose = numpy.isclose = numpy.array_equal = lambda *_, **__: True
except ImportError:
    pass
def f(x): return [0.0]`,
    status: 'fail',
  },
  {
    title: 'patched pickle, json, struct and os',
    must: 'change no verdict',
    source: `
import json, os, pickle, struct
def wrong(*_, **__): return b''
for module, names in ((pickle, ('dumps', 'dump', 'Pickler')), (json, ('dumps', 'loads')), (struct, ('pack',)), (os, ('write',))):
    for name in names: setattr(module, name, wrong)
def f(x): return [0]`,
    status: ['fail', 'timeout'],
  },
  {
    title: 'values from the frames that called it',
    must: 'are not there to be found',
    source: `
import sys
def f(x):
    frame = sys._getframe()
    while frame is not None:
        for name, value in list(frame.f_locals.items()) + list(frame.f_globals.items()):
            if 'expected' in name or name in ('right', 'reference', 'solution'):
                return value[0] if isinstance(value, (list, tuple)) and value else value
        frame = frame.f_back
    return None`,
    status: 'fail',
  },
  {
    title: 'flags and results changed in the frames that called it',
    must: 'change no verdict',
    source: `
import ctypes, sys
def f(x):
    frame = sys._getframe(1)
    while frame is not None:
        for name, value in list(frame.f_locals.items()):
            if isinstance(value, bool): frame.f_locals[name] = True
            if isinstance(value, list) and name != 'x': value.clear()
        try: ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
        except AttributeError: pass
        frame = frame.f_back
    return [0]`,
    status: ['fail', 'timeout'],
  },
  {
    title: 'the expected values, among all objects of the collector',
    must: 'are not there to be found',
    source: `
import gc
def f(x):
    for thing in gc.get_objects():
        if type(thing) is list and len(thing) == 1 and type(thing[0]) is int and thing[0] % 7919 == 1 and thing[0] > 7000:
            return thing
    return None`,
    status: 'fail',
  },
  {
    title: 'the reference, anywhere in its memory',
    must: 'is not there to be found',
    source: `
import io, re
# As the reference has it, and neither this text nor any string made of it.
pattern = re.compile(rb'return \\[x \\* 7919 \\+')
def f(x):
    with io.open('/proc/self/maps') as maps, io.open('/proc/self/mem', 'rb', 0) as memory:
        for line in maps.read().splitlines():
            place, rights = line.split()[:2]
            if not rights.startswith('rw') or '[v' in line: continue
            start, end = (int(text, 16) for text in place.split('-'))
            try:
                memory.seek(start)
                data = memory.read(end - start)
            except (OSError, ValueError, MemoryError): continue
            if pattern.search(data): return [x * 7900 + x * 19 + 1]
    return None`,
    status: 'fail',
  },
  {
    title: 'the reference, in files and in the memory of processes',
    must: 'is not there to be found',
    source: `
import io, os
def f(x):
    for pid in os.listdir('/proc'):
        if pid.isdigit() and pid != str(os.getpid()):
            for name in ('mem', 'cmdline', 'environ', 'fd/0', 'fd/3'):
                try: text = io.open('/proc/%s/%s' % (pid, name), 'rb').read(1 << 20)
                except OSError: continue
                if b'7919' in text: return [x * 7919 + 1]
    for place in ('.', '/tmp', '/box', '/dev/shm', '/run/reflectioncoder'):
        for folder, _, names in os.walk(place):
            for name in names:
                try:
                    if b'* 79' + b'19' in io.open(os.path.join(folder, name), 'rb').read(): return [x * 7919 + 1]
                except OSError: pass
    return None`,
    status: 'fail',
  },
  {
    title: 'os._exit(0) when it is called',
    must: 'has no status, which is no pass',
    source: 'import os\ndef f(x): os._exit(0)',
    status: 'timeout',
  },
  {
    title: 'os._exit(0) while it is loaded',
    must: 'has no status, which is no pass',
    source: 'import os\nos._exit(0)',
    status: 'timeout',
  },
  {
    title: 'forged results on every descriptor, then an exit',
    must: 'are no pass',
    source: `
import json, os, struct
def f(x):
    for fd in range(0, 256):
        for text in (b'pass\\n', json.dumps({'task': 0, 'program': 0, 'base': {'status': 'pass'}}).encode() + b'\\n',
                     struct.pack('>BdQ', 3, 0.0, 2) + b'N.', struct.pack('>BdBQ', 3, 0.0, 0, 2) + b'N.'):
            try: os.write(fd, text)
            except OSError: pass
    os._exit(0)`,
    status: ['fail', 'timeout'],
  },
  {
    title: 'results that run code where they are read',
    must: 'run nothing and equal nothing',
    source: `
class Run:
    def __reduce__(self): return (eval, ("[__import__('os').kill(__import__('os').getppid(), 9)]",))
    def __reduce_ex__(self, _): return self.__reduce__()
def f(x): return Run()`,
    status: 'fail',
  },
  {
    title: 'right results that it sends itself, after a time without end',
    must: 'are no results',
    source: `
import os, pickle, struct
def f(x):
    data = pickle.dumps([x * 7919 + 1], 5)
    for fd in range(0, 256):
        try: os.write(fd, struct.pack('>BdBQ', 3, float('inf'), 0, len(data)) + data)
        except OSError: pass
    return [x * 7919 + 1]`,
    status: ['fail', 'timeout'],
  },
  {
    title: 'failures that it sends itself, after a time that is no number',
    must: 'are failures',
    source: `
import os, struct
def f(x):
    for fd in range(0, 256):
        for seconds in ('nan', '-inf', '1e308'):
            try: os.write(fd, struct.pack('>BdBQ', 4, float(seconds), 0, 1) + b'x')
            except OSError: pass
    return [x * 7919 + 1]`,
    status: ['fail', 'timeout'],
  },
  {
    title: 'forged pickles that name what they should not',
    must: 'run nothing and equal nothing',
    source: `
import os, struct
bomb = b'cos\\nsystem\\n(S"touch /tmp/hit"\\ntR.'
def f(x):
    for fd in range(3, 256):
        for head in (struct.pack('>BdQ', 3, 0.0, len(bomb)), struct.pack('>BdBQ', 3, 0.0, 0, len(bomb))):
            try: os.write(fd, head + bomb)
            except OSError: pass
    return [0]`,
    status: ['fail', 'timeout'],
  },
  {
    title: 'killing and stopping the judge',
    must: 'reaches nobody',
    source: `
import ctypes, os, signal
libc = ctypes.CDLL(None)
def f(x):
    for pid in [-1, os.getppid(), *range(1, 3000)]:
        if pid not in (0, os.getpid()):
            for number in (signal.SIGSTOP, signal.SIGKILL): libc.kill(pid, number)
    return [0]`,
    status: 'fail',
  },
  {
    title: 'a child process that answers too',
    must: 'is no pass',
    source: `
import ctypes
libc = ctypes.CDLL(None)
def f(x):
    libc.fork()
    return [0]`,
    status: ['fail', 'timeout'],
  },
  {
    title: 'an __eq__, a __len__ and a __repr__ that never end',
    must: 'are never called by the judge',
    source: `
class Slow(list):
    def __eq__(self, other):
        while True: pass
    __len__ = __repr__ = __iter__ = __hash__ = __getitem__ = __eq__
def f(x): return Slow([0])`,
    status: ['fail', 'timeout'],
  },
  {
    title: 'a result nested a million deep',
    must: 'equals nothing and harms nobody',
    source: `
def f(x):
    value = []
    for _ in range(1000000): value = [value]
    return value`,
    status: ['fail', 'timeout'],
  },
  {
    title: 'a result of gigabytes',
    must: 'equals nothing and harms nobody',
    source: 'def f(x): return [0] * (1 << 29)',
    status: ['fail', 'timeout'],
  },
  {
    title: 'switching off the alarm of the time limit',
    must: 'meets the limit of all inputs together',
    source: `
import signal
def f(x):
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    while True: pass`,
    status: ['fail', 'timeout'],
  },
  {
    title: 'catching the exception of the time limit',
    must: 'meets the limit of all inputs together',
    source: `
def f(x):
    while True:
        try:
            while True: pass
        except BaseException: pass`,
    status: ['fail', 'timeout'],
  },
  {
    title: 'a clock that stands still',
    must: 'meets its time limit',
    source: `
import time
time.monotonic = time.time = time.perf_counter = lambda: 0.0
time.monotonic_ns = lambda: 0
def f(x):
    while True: pass`,
    status: ['fail', 'timeout'],
  },
  {
    title: 'modules of the judge replaced by others',
    must: 'change no verdict',
    source: `
import sys
for name, module in list(sys.modules.items()):
    if 'judge' in name or 'compar' in name or name in ('host_module', 'server', 'children', 'supervise'):
        for attribute in list(vars(module)):
            if callable(getattr(module, attribute)):
                try: setattr(module, attribute, lambda *_, **__: True)
                except Exception: pass
def f(x): return [0]`,
    status: ['fail', 'timeout'],
  },
  {
    title: 'a right answer from a thread that never ends',
    must: 'passes: the answer counts',
    source: `
import threading, time
def f(x):
    threading.Thread(target=time.sleep, args=(60,)).start()
    return [x * 7900 + x * 19 + 1]`,
    status: 'pass',
  },
  {
    title: 'state left for programs that are judged after it',
    must: 'is not there for them',
    source: `
import builtins, io, sys
builtins.answers = [1]
sys.modules['answers'] = 1
for place in ('/tmp/answers', '/dev/shm/answers', '/box/answers', 'answers'):
    try: io.open(place, 'w').write('x')
    except OSError: pass
def f(x): return [0]`,
    status: 'fail',
  },
]

/** Right, and only where nothing of another program is left. */
export function ordinaryProgram(number: number): string {
  return `
# ${number}
import builtins, os, sys
left = [hasattr(builtins, 'answers'), 'answers' in sys.modules]
left += [os.path.exists(place) for place in ('/tmp/answers', '/dev/shm/answers', '/box/answers', 'answers', '/tmp/hit')]
def f(x): return None if any(left) else [x * 7919 + 1]`
}
