import { ReflectionCoderError } from '../core/index.ts'
import { type Limits, resolveLimits } from './limits.ts'
import type { RunResult } from './result.ts'

export interface ProbeOptions {
  walls: boolean
  memoryLimit: 'tree' | 'process'
  run(source: string, limits: Limits): Promise<RunResult>
}

/**
 * Runs small programs that try what must not succeed.
 *
 * @throws `RC_SANDBOX_LIMIT` naming the first wall or limit that does not hold here;
 * `RC_SANDBOX_BROKEN` when not even an empty program runs.
 */
export async function probeSandbox(options: ProbeOptions): Promise<void> {
  const { walls, memoryLimit, run } = options
  const walled = await run(walls ? wallsProgram + filesProgram : filesProgram, probeLimits)
  if (walled.outcome !== 'ok') {
    throw new ReflectionCoderError(
      `the sandbox cannot run a program here: ${walled.outcome} ${walled.fault ?? walled.stderr}`,
      { code: 'RC_SANDBOX_BROKEN', hint: 'Run `reflectioncoder doctor` to see what is missing.' },
    )
  }
  const [broken] = walled.stdout.split('\n')
  if (broken !== undefined && broken !== '') throw doesNotHold(broken)
  const memory = await run(memoryProgram, probeLimits)
  if (memory.outcome !== 'memory') throw doesNotHold(`memory (${memory.outcome})`)
  if (memoryLimit === 'tree') {
    const tree = await run(treeProgram, probeLimits)
    if (tree.stdout === 'True\n') throw doesNotHold('memory of the whole tree')
  }
  const cpu = await run('while True: pass', { ...probeLimits, cpuMs: 20 })
  if (cpu.outcome !== 'timeout' || cpu.cpuMs > 400) throw doesNotHold(`CPU time (${cpu.outcome})`)
}

function doesNotHold(name: string): ReflectionCoderError {
  return new ReflectionCoderError(`a limit of the sandbox does not hold on this machine: ${name}`, {
    code: 'RC_SANDBOX_LIMIT',
    hint: 'Programs are not run with a limit missing; `reflectioncoder doctor` says what is there.',
  })
}

const probeLimits = resolveLimits({
  cpuMs: 2000,
  wallMs: 20_000,
  memoryBytes: 96 << 20,
  processes: 8,
  fileBytes: 1 << 20,
})

/** Prints the names of the walls that are open, one a line. */
const wallsProgram = `
import os, socket, time
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

const memoryProgram = `x = b'x' * (128 << 20)`

/** Three processes of 64 MiB each, together above the limit and its slack. */
const treeProgram = `
import os, time
out, into = os.pipe()
for _ in range(3):
    if os.fork() == 0:
        x = b'x' * (64 << 20)
        os.write(into, b'.')
        time.sleep(30)
        os._exit(0)
os.set_blocking(out, False)
ready = 0
while ready < 3 and os.waitpid(-1, os.WNOHANG)[0] == 0:
    try:
        ready += len(os.read(out, 3))
    except BlockingIOError:
        time.sleep(0.001)
print(ready == 3)
`
