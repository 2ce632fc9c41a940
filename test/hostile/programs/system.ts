import { type HostileProgram, systemCalls } from '../hostile-program.ts'

export const system: HostileProgram[] = [
  {
    title: 'network of IPv4 and IPv6',
    must: 'is unreachable',
    source: `
import socket
for family, address in ((socket.AF_INET, ('1.1.1.1', 53)), (socket.AF_INET6, ('2606:4700:4700::1111', 53))):
  for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    try: socket.socket(family, kind).connect(address); print('connected')
    except OSError as error: print(error.strerror)`,
    outcome: 'ok',
    stdout: 'Network is unreachable\n'.repeat(4),
  },
  {
    title: 'host names',
    must: 'are not resolved',
    source: 'import socket\nsocket.gethostbyname("example.org")',
    outcome: 'error',
    stderr: /socket\.gaierror/,
  },
  {
    title: 'raw, packet, netlink and other families of sockets',
    must: 'are refused or reach nothing',
    source: `
import socket
for family, kind in ((2, 3), (10, 3), (17, 3), (40, 1), (31, 3), (38, 5)):
  try:
    one = socket.socket(family, kind)
    one.settimeout(0.2)
    if family == 40: one.connect((2, 1))
    if family in (2, 10, 17): print('opened', family)
  except OSError: pass
import os
print([name for _, name in socket.if_nameindex() if name != 'lo'])`,
    outcome: 'ok',
    stdout: '[]\n',
  },
  {
    title: 'servers on the loopback of this machine',
    must: 'are not reached',
    source: `
import socket
reached = []
for port in (22, 80, 111, 631, 3000, 5432, 6379, 8080, 8888, 11434):
  for host in ('127.0.0.1', '::1'):
    try: socket.create_connection((host, port), 0.2); reached.append(port)
    except OSError: pass
print(reached)`,
    outcome: 'ok',
    stdout: '[]\n',
  },
  {
    title: 'abstract sockets of others',
    must: 'are not seen',
    source: `
import socket
lines = open('/proc/net/unix').read().splitlines()[1:]
print([line for line in lines if '@' in line])`,
    outcome: 'ok',
    stdout: '[]\n',
  },
  {
    title: 'seeing other processes',
    must: 'sees itself alone',
    source: 'import os\nprint(sorted(int(p) for p in os.listdir("/proc") if p.isdigit()))',
    outcome: 'ok',
    stdout: '[1, 2]\n',
  },
  {
    title: 'looking into process 1',
    must: 'is refused',
    source: `
for name in ('mem', 'environ', 'maps', 'fd/3', 'stack', 'syscall'):
  try: open('/proc/1/' + name, 'rb').read(1); print('read', name)
  except OSError: pass`,
    outcome: 'ok',
    stdout: '',
  },
  {
    title: 'ptrace and memory of a neighbour',
    must: 'are refused',
    source: `${systemCalls}
print(call('ptrace', 16, 1, 0, 0), call('ptrace', 0, 0, 0, 0), call('process_vm_readv', 1, None, 0, None, 0, 0),
      call('kcmp', 1, 1, 0, 0, 0), call('pidfd_getfd', 0, 0, 0))`,
    outcome: 'ok',
    stdout: 'EPERM EPERM EPERM EPERM EPERM\n',
  },
  {
    title: 'io_uring',
    must: 'is refused',
    source: `${systemCalls}
print(call('io_uring_setup', 8, ctypes.create_string_buffer(200)), call('io_uring_enter', 3, 0, 0, 0, None), call('io_uring_register', 3, 0, None, 0))`,
    outcome: 'ok',
    stdout: 'EPERM EPERM EPERM\n',
  },
  {
    title: 'keyrings',
    must: 'are refused',
    source: `${systemCalls}
print(call('add_key', b'user', b'x', b'y', 1, -3), call('request_key', b'user', b'x', None, 0), call('keyctl', 0, -3, 1))`,
    outcome: 'ok',
    stdout: 'EPERM EPERM EPERM\n',
  },
  {
    title: 'BPF, perf events, userfaultfd, fanotify',
    must: 'are refused',
    source: `${systemCalls}
buffer = ctypes.create_string_buffer(200)
print(call('bpf', 0, buffer, 48), call('perf_event_open', buffer, 0, -1, -1, 0), call('userfaultfd', 1), call('fanotify_init', 0, 0))`,
    outcome: 'ok',
    stdout: 'EPERM EPERM EPERM EPERM\n',
  },
  {
    title: 'kernel modules, kexec, swap, reboot, the kernel log',
    must: 'are refused',
    source: `${systemCalls}
print(call('init_module', None, 0, b''), call('finit_module', 0, b'', 0), call('delete_module', b'x', 0), call('kexec_load', 0, 0, None, 0),
      call('swapon', b'/tmp/x', 0), call('reboot', 0xfee1dead, 672274793, 0x1234567, None), call('syslog', 3, None, 0), call('acct', b'/tmp/x'), call('quotactl', 0, None, 0, None))`,
    outcome: 'ok',
    stdout: `${Array(9).fill('EPERM').join(' ')}\n`,
  },
  {
    title: 'host name and personality',
    must: 'cannot be changed',
    source: `${systemCalls}
print(call('sethostname', b'mine', 4), call('personality', 0x0020000))`,
    outcome: 'ok',
    stdout: 'EPERM EPERM\n',
  },
  {
    title: 'new namespaces through clone',
    must: 'are refused',
    source: `${systemCalls}
number = 220 if platform.machine() == 'aarch64' else 56
results = []
for flag in (0x10000000, 0x20000000, 0x40000000, 0x08000000, 0x04000000, 0x02000000):
  ctypes.set_errno(0)
  results.append(libc.syscall(number, flag | 17, None, None, None, None) == -1 and errno.errorcode[ctypes.get_errno()])
print(set(results), call('clone3', None, 0))`,
    outcome: 'ok',
    stdout: "{'EPERM'} ENOSYS\n",
  },
  {
    title: 'system calls of another architecture (int 0x80)',
    must: 'end the program',
    source: `
import ctypes, mmap, platform, sys
if platform.machine() != 'x86_64':
  import os, signal
  os.kill(os.getpid(), signal.SIGSYS)
page = mmap.mmap(-1, 4096, prot=7)
page.write(bytes.fromhex('b814000000cd80c3'))  # mov eax, 20; int 0x80; ret
place = ctypes.addressof(ctypes.c_char.from_buffer(page))
print(ctypes.CFUNCTYPE(ctypes.c_int)(place)())`,
    outcome: 'killed',
  },
  {
    title: 'the terminal of its owner',
    must: 'is not there',
    source: `
import fcntl, os
try: os.open('/dev/tty', os.O_RDWR); print('terminal')
except OSError: pass
for fd in range(3):
  try: fcntl.ioctl(fd, 0x5412, b'x'); print('typed')
  except OSError: pass`,
    outcome: 'ok',
    stdout: '',
  },
  {
    title: 'capabilities and identity of its owner',
    must: 'has none of them',
    source: `
import os
status = dict(line.partition(':')[::2] for line in open('/proc/self/status'))
print(*(int(status[name], 16) for name in ('CapEff', 'CapPrm', 'CapInh', 'CapAmb')), status['NoNewPrivs'].strip())
for uid in (0, 1000):
  try: os.setuid(uid) if uid != os.getuid() else None; print('became', uid) if uid != os.getuid() else None
  except OSError: pass`,
    outcome: 'ok',
    stdout: '0 0 0 0 1\n',
  },
  {
    title: 'the environment of its owner',
    must: 'is not there',
    source: 'import os\nprint(sorted(os.environ))',
    outcome: 'ok',
    stdout:
      "['HOME', 'LANG', 'LOGNAME', 'PATH', 'PYTHONDONTWRITEBYTECODE', 'PYTHONHASHSEED', 'TMPDIR', 'USER']\n",
  },
]
