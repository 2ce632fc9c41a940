import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Limits, resolveLimits } from './limits.ts'
import type { RunResult } from './result.ts'
import { createSandbox, type Sandbox } from './sandbox.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await createSandbox({ workers: 1 })
})
afterAll(() => sandbox.dispose())

const run = (source: string, limits: Partial<Limits>): Promise<RunResult> =>
  sandbox.run({ language: 'python', source }, limits)

/** Python that uses `seconds` of CPU time. */
const burn = (seconds: number) =>
  `import time\nend = time.process_time() + ${seconds}\nwhile time.process_time() < end: pass\n`

const sleep = (seconds: number) => `import time\ntime.sleep(${seconds})\n`

/** Programs around a limit of 400 ms charged, and what must come of them whatever the load. */
const programs: { title: string; source: string; passes: boolean; chargedMs?: number }[] = [
  { title: 'computes for less than the limit', source: burn(0.15), passes: true, chargedMs: 150 },
  { title: 'computes for more', source: burn(0.6), passes: false },
  { title: 'sleeps for less', source: sleep(0.2), passes: true, chargedMs: 200 },
  { title: 'sleeps for more', source: sleep(0.6), passes: false },
  {
    title: 'computes and sleeps, together less',
    source: burn(0.1) + sleep(0.15),
    passes: true,
    chargedMs: 250,
  },
  { title: 'computes and sleeps, together more', source: burn(0.3) + sleep(0.3), passes: false },
  {
    title: 'waits for a child that computes for less',
    source: `import os\nif os.fork() == 0:\n  ${burn(0.15).trim().replaceAll('\n', '\n  ')}\nelse: os.wait()`,
    passes: true,
    chargedMs: 150,
  },
  {
    title: 'sleeps in many short steps, together more',
    source: 'import time\nfor _ in range(300): time.sleep(0.002)',
    passes: false,
  },
]
const limits: Partial<Limits> = { chargedMs: 400, wallMs: 60_000 }

function itJudges() {
  for (const { title, source, passes } of programs) {
    it(`judges a program that ${title}`, async () => {
      const result = await run(source, limits)
      expect(result.outcome, JSON.stringify(result)).toBe(passes ? 'ok' : 'timeout')
      if (!passes) expect(result.limit).toMatch(/^(cpuMs|chargedMs)$/)
    })
  }
}

describe('charged time', () => {
  for (const { title, source, chargedMs } of programs) {
    if (chargedMs === undefined) continue
    it(`counts what is used by one that ${title}`, async () => {
      const result = await run(source, limits)
      expect(result.chargedMs).toBeGreaterThan(chargedMs * 0.9)
      expect(result.chargedMs).toBeLessThan(chargedMs + 120)
      expect(result.chargedMs).toBeGreaterThanOrEqual(result.cpuMs)
    })
  }

  itJudges()

  it('is bounded by wall time where that is less', async () => {
    const result = await run(sleep(5), { chargedMs: 10_000, wallMs: 200 })
    expect(result).toMatchObject({ outcome: 'timeout', limit: 'wallMs' })
  })

  it('is charged to each cell of a session on its own', async () => {
    const session = await sandbox.session()
    const cells = []
    for (const source of [sleep(0.3), burn(0.3), '1', sleep(9)]) {
      cells.push(await session.runCell(source, { chargedMs: 600 }))
    }
    await session.dispose()
    expect(cells.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok', 'timeout'])
    expect(cells[2]?.chargedMs).toBeLessThan(100)
    expect(cells[3]?.output).toBe('[timeout: stopped after 0.6 s]\n')
  })

  it('follows from the times that are given', () => {
    const times = (given: Partial<Limits>) => {
      const { cpuMs, chargedMs, wallMs } = resolveLimits(given)
      return [cpuMs, chargedMs, wallMs]
    }
    expect(times({})).toEqual([10_000, 15_000, 90_000])
    expect(times({ chargedMs: 20_000 })).toEqual([20_000, 20_000, 120_000])
    expect(times({ cpuMs: 500 })).toEqual([500, 15_000, 90_000])
    expect(times({ wallMs: 500 })).toEqual([10_000, 500, 500])
    expect(times({ cpuMs: 500, wallMs: 700 })).toEqual([500, 700, 700])
  })
})

describe('on a machine with four times as many busy processes as cores', () => {
  const hogs: ChildProcess[] = []
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'charged-test-'))
    for (let hog = 0; hog < 4 * availableParallelism(); hog++) {
      hogs.push(
        spawn(process.execPath, ['-e', 'setTimeout(() => process.exit(), 60_000); for (;;);']),
      )
    }
  })
  afterAll(async () => {
    for (const hog of hogs) hog.kill('SIGKILL')
    await rm(folder, { recursive: true })
  })

  itJudges()

  it('charges little more for the same work', async () => {
    const { chargedMs, wallMs } = await run(burn(0.15), limits)
    expect(wallMs).toBeGreaterThan(chargedMs)
    expect(chargedMs).toBeLessThan(250)
  })

  it('gives a host clock that does not count waiting', async () => {
    const module = join(folder, 'timed.py')
    await writeFile(
      module,
      `
import charged_time, time

def load(setup): return None

def handle(state, seconds, report):
    clock = charged_time.Clock()
    start = clock.now()
    end = time.process_time() + seconds
    while time.process_time() < end: pass
    report(clock.now() - start)
`,
    )
    const host = sandbox.host({ module })
    const result = await host.call(0.2, limits)
    await host.dispose()
    expect(result.outcome).toBe('ok')
    expect(Math.abs(Number(result.lines[0]) - 0.2)).toBeLessThan(0.05)
  })
})
