import { ReflectionCoderError } from '../core/index.ts'
import { type Limits, resolveLimits } from './limits.ts'
import type { RunResult } from './result.ts'

export interface ProbeOptions {
  /** Whether there is isolation to try, beside the limits. */
  walls: boolean
  run(source: string, limits: Limits): Promise<RunResult>
}

/**
 * Runs canary programs, each of which tries what must not succeed.
 *
 * @throws `RC_SANDBOX_LIMIT` naming the first wall or limit that does not hold here;
 * `RC_SANDBOX_BROKEN` when not even an empty program runs.
 */
export async function probeSandbox({ walls, run }: ProbeOptions): Promise<void> {
  const first = await run(walls ? wallsProgram + filesProgram : filesProgram, probeLimits)
  if (first.outcome !== 'ok') {
    throw new ReflectionCoderError(
      `the sandbox cannot run a program here: ${first.outcome} ${first.fault ?? first.stderr}`,
      { code: 'RC_SANDBOX_BROKEN', hint: 'Run `reflectioncoder doctor` to see what is missing.' },
    )
  }
  const open = first.stdout.split('\n')[0] ?? ''
  if (open !== '') throw doesNotHold(open)
  for (const { name, source, limits, expected, onlyWithWalls } of canaries) {
    if (onlyWithWalls && !walls) continue
    const result = await run(source, { ...probeLimits, ...limits })
    if (!expected(result)) throw doesNotHold(`${name} (${result.outcome})`)
  }
}

function doesNotHold(name: string): ReflectionCoderError {
  return new ReflectionCoderError(`a limit of the sandbox does not hold on this machine: ${name}`, {
    code: 'RC_SANDBOX_LIMIT',
    hint: 'Programs are not run with a limit missing; `reflectioncoder doctor` says what is there.',
  })
}

interface Canary {
  name: string
  source: string
  limits?: Partial<Limits>
  /** Whether the limit has bitten. */
  expected(result: RunResult): boolean
  onlyWithWalls?: boolean
}

const canaries: Canary[] = [
  {
    name: 'private temporary folder',
    source: "import os\nprint(os.listdir('/tmp') + os.listdir('/dev/shm') + os.listdir('.'))",
    expected: ({ stdout }) => stdout === "['main.py']\n",
    onlyWithWalls: true,
  },
  {
    name: 'CPU time',
    source: 'while True: pass',
    limits: { cpuMs: 15 },
    expected: ({ outcome, cpuMs }) => outcome === 'timeout' && cpuMs < 400,
  },
  {
    name: 'charged time',
    source: 'import time\ntime.sleep(10)',
    limits: { chargedMs: 15 },
    expected: ({ outcome, limit }) => outcome === 'timeout' && limit === 'chargedMs',
  },
  {
    name: 'wall time',
    source: 'import time\ntime.sleep(10)',
    limits: { wallMs: 15 },
    expected: ({ outcome, limit }) => outcome === 'timeout' && limit === 'wallMs',
  },
  {
    name: 'output',
    source: "while True: print('x' * 1000)",
    limits: { outputBytes: 1000 },
    expected: ({ outcome, stdout }) => outcome === 'output-limit' && stdout.length === 1000,
  },
  {
    name: 'memory',
    source: "x = b'x' * (128 << 20)",
    expected: ({ outcome }) => outcome === 'memory',
  },
  {
    name: 'memory of the whole tree',
    // Five processes of 20 MiB each, together above the limit and what is allowed on top.
    source: `
import os, time
out, into = os.pipe()
count = 5
for _ in range(count):
    if os.fork() == 0:
        x = b'x' * (20 << 20)
        os.write(into, b'.')
        time.sleep(30)
        os._exit(0)
os.set_blocking(out, False)
ready, end = 0, time.monotonic() + 10
while os.waitpid(-1, os.WNOHANG)[0] == 0 and time.monotonic() < end:
    try:
        ready += len(os.read(out, count))
        end = min(end, time.monotonic() + 0.2) if ready == count else end
    except BlockingIOError:
        time.sleep(0.001)
print(ready == count)
`,
    limits: { memoryBytes: 24 << 20 },
    expected: ({ stdout }) => stdout !== 'True\n',
    onlyWithWalls: true,
  },
]

const probeLimits = resolveLimits({
  cpuMs: 2000,
  chargedMs: 15_000,
  wallMs: 60_000,
  memoryBytes: 96 << 20,
  processes: 8,
  fileBytes: 1 << 20,
})

/** Prints the names of the walls that are open, one a line. */
const wallsProgram = `
import os, socket, time
open('/tmp/canary', 'w').close()
open('/dev/shm/canary', 'w').close()
open('canary', 'w').close()
try:
    socket.create_connection(('192.0.2.1', 80), 0.5)
    print('network')
except TimeoutError:
    print('network (packets leave)')
except OSError:
    pass
if any(name != 'lo' for _, name in socket.if_nameindex()):
    print('network (interfaces)')
for place in ('/', '/usr', '/etc', '/dev', '/run', '/usr/lib'):
    try:
        os.close(os.open(os.path.join(place, 'probe'), os.O_CREAT | os.O_WRONLY))
        print('read-only system (%s)' % place)
    except OSError:
        pass
for secret in ('/etc/shadow', '/var/log', '/home', '/sys'):
    if os.path.exists(secret):
        print('private files (%s)' % secret)
for secret in ('/proc/1/environ', '/proc/1/root', '/proc/1/fd/3'):
    try:
        os.stat(secret + '/') if secret.endswith('root') else open(secret).read()
        print('private processes (%s)' % secret)
    except OSError:
        pass
if os.path.exists('/proc/self'):
    if set(name for name in os.listdir('/proc') if name.isdigit()) - {'1', str(os.getpid())}:
        print('private processes')
    status = {name: value.strip() for name, _, value in (line.partition(':') for line in open('/proc/self/status'))}
    if int(status['CapEff'], 16) or int(status['CapPrm'], 16):
        print('no capabilities')
    if status['NoNewPrivs'] != '1':
        print('no new privileges')
    if status.get('Seccomp', '2') != '2' and os.uname().machine in ('x86_64', 'aarch64'):
        print('refused system calls')
children = []
try:
    for _ in range(32):
        child = os.fork()
        if child == 0:
            time.sleep(30)
            os._exit(0)
        children.append(child)
    print('processes')
except OSError:
    pass
for child in children:
    os.kill(child, 9)
`

const filesProgram = `
import os
try:
    with open('large', 'wb') as file:
        file.write(bytes(2 << 20))
    print('file size')
except OSError:
    pass
kept = []
try:
    for _ in range(1000):
        kept.append(os.open('/dev/null', os.O_RDONLY))
    print('open files')
except OSError:
    pass
`
