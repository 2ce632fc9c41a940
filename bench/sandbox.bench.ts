/** What does a trivial Python program cost in the sandbox, beside starting everything each time? */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createSandbox } from '../src/sandbox/index.ts'

const rounds = 5
const programsPerRound = 200
const startsPerRound = 20
const execute = promisify(execFile)

const sandbox = await createSandbox({ workers: 1 })
const { stdout } = await execute('python3', ['-c', 'import sys; print(sys.executable)'])
const python = stdout.trim()
const isolated = ['--ro-bind', '/', '/', '--unshare-all', '--proc', '/proc', '--tmpfs', '/tmp']

const sides: { name: string; count: number; run: () => Promise<unknown> }[] = [
  {
    name: 'sandbox.run, warm',
    count: programsPerRound,
    run: () => sandbox.run({ language: 'python', source: 'pass' }),
  },
  { name: 'python -c pass', count: startsPerRound, run: () => execute(python, ['-c', 'pass']) },
  {
    name: 'python -I -S -c pass',
    count: startsPerRound,
    run: () => execute(python, ['-I', '-S', '-c', 'pass']),
  },
  { name: 'bwrap true', count: startsPerRound, run: () => execute('bwrap', [...isolated, 'true']) },
  {
    name: 'bwrap python -c pass',
    count: startsPerRound,
    run: () => execute('bwrap', [...isolated, python, '-c', 'pass']),
  },
]

const times = new Map<string, number[]>(sides.map(({ name }) => [name, []]))
for (let round = 0; round <= rounds; round++) {
  for (const { name, count, run } of sides) {
    const start = performance.now()
    for (let call = 0; call < count; call++) await run()
    // The first round warms up.
    if (round > 0) times.get(name)?.push((performance.now() - start) / count)
  }
}
console.log(`Python ${sandbox.pythonVersion}, memory limit per ${sandbox.memoryLimit}, one worker`)
for (const [name, values] of times) {
  const median = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
  const fastest = Math.min(...values)
  console.log(
    `${name.padEnd(24)} ${median.toFixed(2).padStart(7)} ms (best ${fastest.toFixed(2)})` +
      `  ${(1000 / median).toFixed(0).padStart(5)} a second`,
  )
}
await sandbox.dispose()
