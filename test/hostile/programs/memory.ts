import type { HostileProgram } from '../hostile-program.ts'

export const memory: HostileProgram[] = [
  {
    title: 'memory bomb',
    must: 'is over its memory limit',
    source: 'kept = []\nwhile True: kept.append(bytearray(1 << 20))',
    outcome: 'memory',
  },
  {
    title: 'catching its MemoryError',
    must: 'is left to it',
    source: 'try: x = bytearray(1 << 30)\nexcept MemoryError: print("caught")',
    outcome: 'ok',
    stdout: 'caught\n',
  },
  {
    title: 'memory bomb through mmap',
    must: 'is refused more',
    source: 'import mmap\nkept = []\nwhile True: kept.append(mmap.mmap(-1, 8 << 20))',
    outcome: ['memory', 'error'],
    stderr: /Cannot allocate memory/,
  },
  {
    title: 'memory bomb through malloc, touched page by page',
    must: 'is refused more',
    source: `
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
kept = 0
while True:
  place = libc.malloc(8 << 20)
  if not place: break
  ctypes.memset(place, 1, 8 << 20)
  kept += 8
print(kept <= 160)`,
    outcome: ['ok', 'memory', 'killed'],
    stdout: /^(True\n)?$/,
  },
  {
    title: 'memory bomb spread over children',
    must: 'is over the limit of the tree',
    source: `
import os, sys, time
for _ in range(6):
  if os.fork() == 0:
    x = b'x' * (60 << 20)
    time.sleep(1)
    os._exit(0)
sys.exit(sum(os.wait()[1] != 0 for _ in range(6)))`,
    limits: { cpuMs: 2000, chargedMs: 10_000 },
    outcome: 'memory',
  },
  {
    title: 'filling /tmp, the working folder and /dev/shm',
    must: 'stops at their common size',
    source: `
written = 0
try:
  for i in range(100):
    for folder in ('/tmp', '/box', '/dev/shm'):
      with open(f'{folder}/{i}', 'wb') as file: written += file.write(bytes(1 << 20))
except OSError as error: print(error.strerror, written <= 8 << 20)`,
    limits: { fileBytes: 8 << 20, cpuMs: 1000 },
    outcome: 'ok',
    stdout: 'No space left on device True\n',
  },
  {
    title: 'shared memory of System V',
    must: 'is bounded, and gone with the program',
    source: `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
total = 0
for key in range(1, 200):
  segment = libc.shmget(key, 8 << 20, 0o1666)
  if segment < 0: break
  place = libc.shmat(segment, None, 0)
  if place in (None, 2**64 - 1): break
  ctypes.memset(place, 1, 8 << 20)
  total += 8
print(total <= 160)`,
    outcome: ['ok', 'memory', 'killed'],
    stdout: /^(True\n)?$/,
  },
  {
    title: 'anonymous files (memfd)',
    must: 'are bounded by the file size and the memory',
    source: `
import os
kept = []
try:
  while True:
    kept.append(os.memfd_create('x'))
    os.write(kept[-1], bytes(4 << 20))
except OSError as error: print(error.strerror)`,
    limits: { openFiles: 16, cpuMs: 1000 },
    outcome: ['ok', 'memory', 'killed'],
    stdout: /^(Too many open files\n)?$/,
  },
  {
    title: 'locked memory',
    must: 'is refused',
    source: `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.mlockall(3))`,
    outcome: 'ok',
    stdout: '-1\n',
  },
  {
    title: 'zip bomb',
    must: 'is over its memory limit',
    source: `
import zlib
packed = zlib.compressobj(9)
data = b''.join(packed.compress(bytes(1 << 20)) for _ in range(200)) + packed.flush()
zlib.decompress(data)`,
    limits: { cpuMs: 4000, chargedMs: 6000 },
    outcome: 'memory',
  },
  {
    title: 'pickle bomb',
    must: 'is over its memory limit',
    source: `
import pickle
class Grow:
  def __reduce__(self): return (bytearray, (1 << 40,))
pickle.loads(pickle.dumps(Grow()))`,
    outcome: 'memory',
  },
  {
    title: 'integer with billions of digits',
    must: 'meets its CPU or memory limit',
    source: 'x = 10 ** (10 ** 10)',
    outcome: ['timeout', 'memory'],
  },
  {
    title: 'product of huge ranges, as a list',
    must: 'meets its CPU or memory limit',
    source: 'import itertools\nx = list(itertools.product(range(10**6), repeat=3))',
    outcome: ['timeout', 'memory'],
  },
  {
    title: 'string that doubles for ever',
    must: 'is over its memory limit',
    source: 'x = "a"\nwhile True: x += x',
    outcome: 'memory',
  },
  {
    title: 'entities within entities in XML',
    must: 'meets a limit, or the parser refuses',
    source: `
import xml.etree.ElementTree as tree
lines = ['<!ENTITY a0 "' + 'x' * 1000 + '">']
for i in range(1, 9): lines.append(f'<!ENTITY a{i} "' + f'&a{i - 1};' * 10 + '">')
tree.fromstring('<!DOCTYPE r [' + ''.join(lines) + ']><r>&a8;</r>')`,
    outcome: ['error', 'memory', 'timeout'],
  },
  {
    title: 'asking the kernel to spare it when memory runs out',
    must: 'is refused',
    source: `
import os
try: os.write(os.open('/proc/self/oom_score_adj', os.O_WRONLY), b'-1000'); print('spared')
except OSError: print('refused')`,
    outcome: 'ok',
    stdout: 'refused\n',
  },
]
