import { homedir } from 'node:os'
import { type HostileProgram, systemCalls } from '../hostile-program.ts'

export const files: HostileProgram[] = [
  {
    title: 'reading /etc/shadow',
    must: 'finds no such file',
    source: 'open("/etc/shadow")',
    outcome: 'error',
    stderr: /FileNotFoundError/,
  },
  {
    title: 'looking into the home folder and the repository',
    must: 'sees nothing there but its interpreter',
    source: `
import os, sys
own = (sys.prefix, sys.base_prefix, os.path.realpath(sys.executable))
def look(path):
  try: names = sorted(os.listdir(path))
  except OSError: return []
  return [name for name in names if not any(place.startswith(os.path.join(path, name)) for place in own)]
print(look(${JSON.stringify(homedir())}) if ${JSON.stringify(homedir())} != '/' else [], look(${JSON.stringify(process.cwd())}))`,
    outcome: 'ok',
    stdout: '[] []\n',
  },
  {
    title: 'writing outside its own folders',
    must: 'is refused everywhere',
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
    title: 'escaping by /proc/1/root and /proc/self/cwd',
    must: 'stays within its own view',
    source: `
import os
for place in ('/proc/1/root', '/proc/1/cwd', '/proc/self/root', '/proc/self/cwd/../..', '/proc/self/fd/0/..'):
  try:
    if os.path.exists(place + '/etc/shadow') or os.path.exists(place + '/sys/kernel'): print(place)
  except OSError: pass`,
    outcome: 'ok',
    stdout: '',
  },
  {
    title: 'symbolic links out of its folder',
    must: 'lead nowhere',
    source: `
import os
for target in ('/etc/shadow', '/root', '/home', '/var', '../../..'):
  os.symlink(target, 'link')
  try: print(os.listdir('link') if target == '../../..' and 'var' in os.listdir('link') else '', end='')
  except OSError: pass
  try: print(open('link').read(10))
  except OSError: pass
  os.unlink('link')`,
    outcome: 'ok',
    stdout: '',
  },
  {
    title: 'symbolic links in place of its results',
    must: 'change nothing for others',
    source: `
import os
os.unlink('main.py')
os.symlink('/usr/bin/python3', 'main.py')
os.symlink('/dev/zero', 'result')
os.symlink('loop', 'loop')
print(os.path.islink('main.py'))`,
    outcome: 'ok',
    stdout: 'True\n',
  },
  {
    title: 'hard links to files of the system',
    must: 'are refused',
    source: `
import os
for target in ('/usr/bin/env', '/run/reflectioncoder/server.py', '/etc/ld.so.cache'):
  try: os.link(target, 'link'); print(target)
  except OSError: pass`,
    outcome: 'ok',
    stdout: '',
  },
  {
    title: 'making device files',
    must: 'is refused',
    source: `
import os, stat
for number in ((1, 1), (8, 0), (1, 5)):
  try: os.mknod('device', stat.S_IFBLK | 0o666, os.makedev(*number)); print(number)
  except OSError: pass
  try: os.mknod('device', stat.S_IFCHR | 0o666, os.makedev(*number)); print(number)
  except OSError: pass`,
    outcome: 'ok',
    stdout: '',
  },
  {
    title: 'looking for devices',
    must: 'finds only harmless ones',
    source: `
import os
print(sorted(os.listdir('/dev')))`,
    outcome: 'ok',
    stdout:
      "['fd', 'full', 'null', 'random', 'shm', 'stderr', 'stdin', 'stdout', 'urandom', 'zero']\n",
  },
  {
    title: 'sparse file of a terabyte',
    must: 'is refused',
    source: `
try: open('x', 'wb').truncate(1 << 40); print('made')
except OSError as error: print(error.strerror)`,
    outcome: 'ok',
    stdout: 'File too large\n',
  },
  {
    title: 'a million small files',
    must: 'stops at the number that fits',
    source: `
made = 0
try:
  while True:
    open(f'/tmp/{made}', 'w').close()
    made += 1
except OSError as error: print(error.strerror, made <= 20000)`,
    limits: { cpuMs: 4000, chargedMs: 8000 },
    outcome: 'ok',
    stdout: 'No space left on device True\n',
  },
  {
    title: 'folders within folders without end',
    must: 'leaves nothing behind',
    source: `
import os
try:
  while True:
    os.mkdir('deeper'); os.chdir('deeper')
except OSError as error: print(error.strerror)`,
    limits: { cpuMs: 4000, chargedMs: 8000 },
    outcome: ['ok', 'timeout'],
  },
  {
    title: 'files and folders that nobody may read',
    must: 'leaves nothing behind',
    source: `
import os
os.makedirs('a/b'); open('a/b/c', 'w').close()
for name in ('a/b/c', 'a/b', 'a'): os.chmod(name, 0)
print('locked')`,
    outcome: 'ok',
    stdout: 'locked\n',
  },
  {
    title: 'file names with line ends and stray bytes',
    must: 'leaves nothing behind',
    source: `
import os
for name in (b'a\\nb', b'\\xff\\xfe', b'-rf', b' ', b'a' * 255): open(name, 'w').close()
print(len(os.listdir('.')))`,
    outcome: 'ok',
    stdout: '6\n',
  },
  {
    title: 'more open files than allowed',
    must: 'is refused one',
    source: `
import os
kept = []
try:
  while True: kept.append(os.open('/dev/null', 0))
except OSError as error: print(error.strerror, len(kept) <= 256)`,
    outcome: 'ok',
    stdout: 'Too many open files True\n',
  },
  {
    title: 'opening a pipe that nobody writes to',
    must: 'is charged, and ended at its limit',
    source: 'import os\nos.mkfifo("pipe")\nopen("pipe").read()',
    limits: { chargedMs: 300 },
    outcome: 'timeout',
  },
  {
    title: 'set-uid programs of the system',
    must: 'give no rights',
    source: `
import shutil, subprocess
for command in (['su', '-c', 'id'], ['sudo', '-n', 'id'], ['mount', '-t', 'tmpfs', 'x', '/tmp']):
  if shutil.which(command[0]):
    if subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL).returncode == 0: print(command)`,
    limits: { cpuMs: 1500 },
    outcome: 'ok',
    stdout: '',
  },
  {
    title: 'set-uid program of its own',
    must: 'gives no rights',
    source: `
import os, shutil, subprocess
shutil.copy('/usr/bin/id', 'mine')
os.chmod('mine', 0o6755)
ids = subprocess.run(['./mine', '-u'], capture_output=True, text=True).stdout.strip()
print(ids == str(os.getuid()), os.getuid() != 0 or True)`,
    limits: { cpuMs: 1500 },
    outcome: 'ok',
    stdout: 'True True\n',
  },
  {
    title: 'settings of the kernel',
    must: 'cannot be written',
    source: `
import os
for name in ('kernel/hostname', 'kernel/core_pattern', 'vm/drop_caches', 'net/ipv4/ip_forward'):
  try: os.write(os.open('/proc/sys/' + name, os.O_WRONLY), b'1'); print(name)
  except OSError: pass
for name in ('/proc/sysrq-trigger', '/proc/1/oom_score_adj', '/sys/fs/cgroup/cgroup.procs'):
  try: os.write(os.open(name, os.O_WRONLY), b'b'); print(name)
  except OSError: pass`,
    outcome: 'ok',
    stdout: '',
  },
  {
    title: 'mounts, namespaces and chroot',
    must: 'are refused',
    source: `${systemCalls}
print(call('mount', b'x', b'/tmp', b'tmpfs', 0, None), call('umount2', b'/tmp', 2),
      call('chroot', b'/tmp'), call('pivot_root', b'/tmp', b'/tmp'), call('fsopen', b'tmpfs', 0),
      call('open_tree', -100, b'/', 1), call('unshare', 0x10000000), call('unshare', 0x20000000),
      call('setns', 0, 0), call('open_by_handle_at', 3, None, 0))`,
    outcome: 'ok',
    stdout: `${Array(10).fill('EPERM').join(' ')}\n`,
  },
]
