import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { type HostileProgram, tightLimits } from './hostile-program.ts'
import { hostilePrograms } from './programs/index.ts'

/** A program as anybody's, which runs beside each hostile one and after it. */
const neighbour = {
  language: 'python',
  source: `
import os, time
marker = 'neighbour-secret-4711'
for place in ('/tmp/mine', '/dev/shm/mine', 'mine'): open(place, 'w').write(marker)
total = sum(n * n for n in range(20000))
time.sleep(0.02)
print(input() == marker, total, open('/tmp/mine').read() == marker,
      os.listdir('/tmp'), os.listdir('/dev/shm'), sorted(os.listdir('.')), 3 + 4)`,
  stdin: 'neighbour-secret-4711\n',
} as const
const neighbourly = "True 2666466670000 True ['mine'] ['mine'] ['main.py', 'mine'] 7\n"

let sandbox: Sandbox
let sentinel: string
beforeAll(async () => {
  sandbox = await createSandbox({ workers: 2 })
  const folder = mkdtempSync(join(tmpdir(), 'hostile-test-'))
  sentinel = join(folder, 'sentinel')
  writeFileSync(sentinel, 'untouched')
  await Promise.all([sandbox.run(neighbour), sandbox.run(neighbour)])
})
afterAll(async () => {
  await sandbox.dispose()
  rmSync(join(sentinel, '..'), { recursive: true, force: true })
})

for (const [group, programs] of Object.entries(hostilePrograms)) {
  describe(`hostile programs: ${group}`, () => {
    for (const program of programs) {
      it(`${program.title}: ${program.must}`, async () => {
        const [result, beside] = await Promise.all([run(program), sandbox.run(neighbour)])
        expectOf(program, result)
        const after = await Promise.all([sandbox.run(neighbour), sandbox.run(neighbour)])
        for (const { outcome, stdout, stderr } of [beside, ...after]) {
          expect({ outcome, stdout, stderr }).toEqual({
            outcome: 'ok',
            stdout: neighbourly,
            stderr: '',
          })
        }
      })
    }
  })
}

describe('after all of them', () => {
  it('no process of theirs is left, and no file outside is touched', async () => {
    expect(readFileSync(sentinel, 'utf8')).toBe('untouched')
    const left = descendantsOf(process.pid).filter((command) =>
      /^(sleep|yes|bash|su|sudo)\b/.test(command),
    )
    expect(left).toEqual([])
  })

  it('every title is its own', () => {
    const titles = Object.values(hostilePrograms).flatMap((programs) =>
      programs.map(({ title }) => title),
    )
    expect(new Set(titles).size).toBe(titles.length)
    expect(titles.length).toBeGreaterThanOrEqual(80)
  })
})

function run({ source, language = 'python', stdin, limits }: HostileProgram) {
  const program = { language, source, ...(stdin === undefined ? {} : { stdin }) }
  return sandbox.run(program, { ...tightLimits, ...limits })
}

type Result = Awaited<ReturnType<typeof run>>

function expectOf(program: HostileProgram, result: Result) {
  const shown = JSON.stringify(result).slice(0, 2000)
  expect([program.outcome].flat(), shown).toContain(result.outcome)
  for (const stream of ['stdout', 'stderr'] as const) {
    const expected = program[stream]
    if (expected instanceof RegExp) expect(result[stream]).toMatch(expected)
    else if (expected !== undefined) expect(result[stream], shown).toBe(expected)
  }
  if (program.exitCode !== undefined) expect(result.exitCode).toBe(program.exitCode)
  if (program.signal !== undefined) expect(result.signal).toBe(program.signal)
}

function descendantsOf(root: number): string[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const status = read(`/proc/${name}/status`)
    parents.set(Number(name), Number(/PPid:\s+(\d+)/.exec(status)?.[1] ?? 0))
  }
  const found = [root]
  for (const pid of found) {
    for (const [child, parent] of parents) if (parent === pid) found.push(child)
  }
  return found.slice(1).map((pid) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim())
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
