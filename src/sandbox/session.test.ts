import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSandbox, type Sandbox } from './sandbox.ts'
import type { CellLimits, CellResult, Session } from './session.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await createSandbox({ workers: 1 })
})
afterAll(() => sandbox.dispose())

/** Servers below this process that have a child at work, by what /proc says. */
function sessionServers(): number[] {
  const parents = new Map<number, number>()
  const commands = new Map<number, string>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8')
      parents.set(Number(name), Number(/PPid:\s+(\d+)/.exec(status)?.[1] ?? 0))
      commands.set(Number(name), readFileSync(`/proc/${name}/cmdline`, 'utf8'))
    } catch {
      // It ended between the two looks.
    }
  }
  const isServer = (pid: number) => /python[^\0]*\0.*server\.py/.test(commands.get(pid) ?? '')
  const isOurs = (pid: number): boolean =>
    pid === process.pid || (parents.has(pid) && isOurs(parents.get(pid) ?? 0))
  return [...parents.keys()].filter(
    (pid) =>
      isServer(pid) &&
      !isServer(parents.get(pid) ?? 0) &&
      isOurs(pid) &&
      [...parents.values()].includes(pid),
  )
}

async function untilSome(find: () => number[]): Promise<number[]> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const found = find()
    if (found.length > 0) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('there was none within 5 s')
}

/** Runs cells in a session of their own. */
async function runCells(cells: string[], limits?: CellLimits): Promise<CellResult[]> {
  const session = await sandbox.session()
  try {
    const results: CellResult[] = []
    for (const cell of cells) results.push(await session.runCell(cell, limits))
    return results
  } finally {
    await session.dispose()
  }
}

describe('a session', () => {
  it('keeps names from cell to cell and shows the last value', async () => {
    const [first, second] = await runCells(['def f(a):\n    return a * 2\n\nprint("x")', 'f("ab")'])
    expect(first).toMatchObject({ outcome: 'ok', output: 'x\n', result: null })
    expect(second).toMatchObject({
      outcome: 'ok',
      output: "'abab'\n",
      result: "'abab'",
      stdout: '',
    })
  })

  it('shows prints of both streams in their order, then the value on its own line', async () => {
    const [cell] = await runCells([
      'import sys\nprint("1")\nprint("é2", file=sys.stderr)\nprint("3", end="")\n4',
    ])
    expect(cell).toMatchObject({
      output: '1\né2\n3\n4\n',
      stdout: '1\n3',
      stderr: 'é2\n',
      result: '4',
    })
  })

  it('shows the output of child processes where it was written', async () => {
    const [cell] = await runCells([
      'import subprocess\nprint("a", flush=True)\nsubprocess.run(["echo", "b"])\nprint("c");',
    ])
    expect(cell?.output).toBe('a\nb\nc\n')
  })

  it('shows no value for None or after a semicolon', async () => {
    const results = await runCells(['None', '5;', 'x = 3'])
    expect(results.map(({ output }) => output)).toEqual(['', '', ''])
  })

  it('shows a traceback with the lines of the cells', async () => {
    const [, second] = await runCells(['def f(a):\n    raise KeyError(a)', 'y = 1\nf(y)'])
    expect(second).toMatchObject({
      outcome: 'error',
      result: null,
      output:
        'Traceback (most recent call last):\n' +
        '  File "<cell 2>", line 2, in <module>\n    f(y)\n' +
        '  File "<cell 1>", line 2, in f\n    raise KeyError(a)\n' +
        'KeyError: 1\n',
    })
    expect(second?.traceback).toBe(second?.output)
  })

  it('goes on after an error, a syntax error and sys.exit', async () => {
    const results = await runCells(['1/0', 'x = (', 'import sys\nsys.exit(2)', 'sys.exit()', '7'])
    expect(results.map(({ outcome }) => outcome)).toEqual(['error', 'error', 'error', 'ok', 'ok'])
    expect(results[1]?.traceback).toContain('SyntaxError')
    expect(results[2]?.traceback).toBe('SystemExit: 2\n')
    expect(results[4]?.output).toBe('7\n')
  })

  it('ends with the cell that runs over its CPU limit, and says so afterwards', async () => {
    const cells = ['print("before")\nwhile True: pass', '1']
    const results = await runCells(cells, { cpuMs: 100 })
    expect(results[0]).toMatchObject({
      outcome: 'timeout',
      output: 'before\n[timeout: stopped after 0.1 s of CPU time]\n',
    })
    expect(results[1]).toMatchObject({
      outcome: 'timeout',
      output: '[timeout: the session has ended in an earlier cell]\n',
    })
  })

  it('ends with a cell that leaves, crashes or floods', async () => {
    const [exit] = await runCells(['import os\nos._exit(3)'])
    expect(exit).toMatchObject({
      outcome: 'error',
      output: '[error: the interpreter exited with status 3]\n',
    })
    const [crash] = await runCells(['import ctypes\nctypes.string_at(0)'])
    expect(crash).toMatchObject({ outcome: 'killed' })
    const [flood] = await runCells(['while True: print("x")'], { outputBytes: 1000 })
    expect(flood).toMatchObject({ outcome: 'output-limit', truncated: true })
    expect(flood?.stdout).toHaveLength(1000)
  })

  it('charges each cell for its own CPU time', async () => {
    const burn =
      'import time\nend = time.process_time() + 0.15\nwhile time.process_time() < end: pass'
    const results = await runCells([burn, burn, burn], { cpuMs: 300 })
    expect(results.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok'])
    for (const { cpuMs } of results) expect(Math.abs(cpuMs - 150)).toBeLessThan(60)
  })

  it('takes a MemoryError as memory and lives on', async () => {
    const results = await runCells(['x = bytearray(1 << 40)', '1'])
    expect(results.map(({ outcome }) => outcome)).toEqual(['memory', 'ok'])
  })

  it('has an empty standard input', async () => {
    const [cell] = await runCells(['input()'])
    expect(cell?.traceback).toMatch(/EOFError: EOF when reading a line\n$/)
  })

  it.each([
    ['of the wrong form', `json.dumps({'cause': 'exited'}).encode()`],
    ['nested without end', `b'[' * 100000`],
    ['that are no JSON', `b'\\xff{'`],
    ['with more behind them', `json.dumps({'result': None, 'traceback': None}).encode() + b'{}'`],
  ])('survives forged answers %s', async (_, text) => {
    const forge = `
import os, json, struct
text = ${text}
for fd in range(3, 20):
  try: os.write(fd, struct.pack('>II', len(text), 0) + text)
  except OSError: pass`
    const [cell] = await runCells([forge])
    expect(cell?.outcome).not.toBe('ok')
    const [next] = await runCells(['1'])
    expect(next?.output).toBe('1\n')
  })

  it('prints the same addresses in every session, on any worker', async () => {
    const cells = ['import json\nprint(object())', 'class A: pass\nA()', 'lambda: 1', 'hash("a")']
    const first = await runCells(cells)
    const second = await runCells(cells)
    const other = await createSandbox({ workers: 1 })
    const session = await other.session()
    const third = []
    for (const cell of cells) third.push(await session.runCell(cell))
    await other.dispose()
    expect(first[0]?.output).toBe('<object object at 0x7f0000001000>\n')
    expect(second.map(({ output }) => output)).toEqual(first.map(({ output }) => output))
    expect(third.map(({ output }) => output)).toEqual(first.map(({ output }) => output))
  })

  it('goes on after its server dies, with all that earlier cells did', async () => {
    const session = await sandbox.session()
    await session.runCell('x = [1]\nprint("once")')
    await session.runCell('x.append(2); open("/tmp/kept", "w").write("3");')
    const running = session.runCell('import time\ntime.sleep(0.5)\n(x, open("/tmp/kept").read())')
    const killed = await untilSome(sessionServers)
    for (const pid of killed) process.kill(pid, 'SIGKILL')
    expect(await running).toMatchObject({ outcome: 'ok', output: "([1, 2], '3')\n" })
    await session.dispose()
  })

  it('is separate from other sessions', async () => {
    const sessions = await Promise.all([sandbox.session(), sandbox.session()])
    const run = (session: Session, source: string) => session.runCell(source)
    await run(sessions[0], 'x = 1\nopen("/tmp/x", "w").write("1");')
    const other = await run(sessions[1], 'import os\n("x" in globals(), os.listdir("/tmp"))')
    expect(other.output).toBe('(False, [])\n')
    await Promise.all(sessions.map((session) => session.dispose()))
  })
})
