import type { HostileProgram } from '../hostile-program.ts'

export const otherLanguages: HostileProgram[] = [
  {
    title: 'shell: removing everything',
    must: 'removes its own files only',
    language: 'sh',
    source:
      'rm -rf --no-preserve-root /usr/bin /etc /run /dev /tmp /box 2>/dev/null; [ -x /usr/bin/env ] && echo kept',
    limits: { cpuMs: 4000, chargedMs: 8000 },
    outcome: 'ok',
    stdout: 'kept\n',
  },
  {
    title: 'shell: endless output of yes',
    must: 'is cut at the limit',
    language: 'sh',
    source: 'yes',
    outcome: 'output-limit',
  },
  {
    title: 'shell: background jobs that outlive it',
    must: 'end with it',
    language: 'sh',
    source: '(trap "" HUP TERM; sleep 60) & disown; echo done',
    outcome: 'ok',
    stdout: 'done\n',
  },
  {
    title: 'shell: network by /dev/tcp',
    must: 'is unreachable',
    language: 'sh',
    source: '(exec 3<>/dev/tcp/1.1.1.1/53) 2>/dev/null && echo connected || echo refused',
    outcome: 'ok',
    stdout: 'refused\n',
  },
  {
    title: 'JavaScript: killing its parents and reading the repository',
    must: 'reaches neither',
    language: 'js',
    source: `
const fs = require('node:fs')
const found = []
for (const pid of [-1, process.ppid, 1]) {
  if (pid === process.pid || pid === 0) continue
  try { process.kill(pid, 'SIGKILL'); if (pid > 1) found.push(pid) } catch {}
}
for (const path of [${JSON.stringify(process.cwd())}, '/root', '/home', '/etc/shadow']) {
  try { if (fs.statSync(path).isFile() || fs.readdirSync(path).some((name) => name === 'package.json')) found.push(path) } catch {}
}
console.log(found)`,
    limits: { cpuMs: 4000, chargedMs: 8000, memoryBytes: 1 << 30, processes: 64 },
    outcome: 'ok',
    stdout: '[]\n',
  },
  {
    title: 'JavaScript: arrays without end',
    must: 'is over its memory limit',
    language: 'js',
    source: 'const a = []; for (;;) a.push(new Array(1e5).fill(1.5))',
    limits: { cpuMs: 8000, chargedMs: 8000, memoryBytes: 192 << 20, processes: 64 },
    outcome: ['memory', 'killed'],
  },
  {
    title: 'TypeScript: including files of the machine at compile time',
    must: 'does not compile',
    language: 'ts',
    source: '/// <reference path="/etc/shadow" />\nconst x: number = 1\nconsole.log(x)',
    limits: { cpuMs: 4000, chargedMs: 8000, memoryBytes: 2 ** 31, processes: 64 },
    outcome: 'error',
    stdout: /shadow/,
  },
]
