import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sanitizeSamples } from './sanitize.ts'

interface Case {
  title: string
  text: string
  entryPoint: string | null
  /** What EvalPlus's own sanitizer (source of 2025-10-02) makes of the text. */
  sanitized: string
}

let folder: string
let cases: Case[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sanitize-'))
  const path = new URL('./__fixtures__/sanitized.json', import.meta.url)
  cases = JSON.parse(await readFile(path, 'utf8'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function write(name: string, records: readonly object[]): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, records.map((record) => JSON.stringify(record)).join('\n'))
  return path
}

const problem = (index: number, entry_point: string) => ({
  task_id: `S/${index}`,
  prompt: 'def f(x):',
  entry_point,
  canonical_solution: '    return x',
  base_input: [],
})

describe('sanitizeSamples', () => {
  it('makes of each text what EvalPlus makes of it', async () => {
    const wanted = cases.filter(({ entryPoint }) => entryPoint !== null)
    const problems = await write(
      'problems.jsonl',
      wanted.map(({ entryPoint }, index) => problem(index, entryPoint as string)),
    )
    const samples = await write(
      'samples.jsonl',
      wanted.map(({ text }, index) => ({ task_id: `S/${index}`, solution: text })),
    )
    const summary = await sanitizeSamples({ samples, benchmarks: [problems] })
    expect(summary).toMatchObject({
      out: join(folder, 'samples-sanitized.jsonl'),
      samples: wanted.length,
      failed: 0,
    })
    const lines = (await readFile(summary.out, 'utf8')).trimEnd().split('\n')
    for (const [index, { title, sanitized }] of wanted.entries()) {
      expect(JSON.parse(lines[index] as string).solution, title).toBe(sanitized)
    }
  })

  it('joins prompt and completion by a line break and skips unknown tasks', async () => {
    const problems = await write('one.jsonl', [problem(0, 'f')])
    const samples = await write('completions.jsonl', [
      { task_id: 'S/0', completion: '    return x\nprint(f(1))' },
      { task_id: 'S/9', completion: 'pass' },
    ])
    const out = join(folder, 'own.jsonl')
    const options = { samples, benchmarks: [problems], out }
    const summary = await sanitizeSamples(options)
    expect(summary).toMatchObject({
      samples: 1,
      changed: 1,
      unknownTasks: [{ taskId: 'S/9', samples: 1 }],
    })
    expect(JSON.parse(await readFile(out, 'utf8'))).toEqual({
      task_id: 'S/0',
      solution: 'def f(x):\n    return x',
    })
    await expect(sanitizeSamples(options)).rejects.toMatchObject({ code: 'RC_OUTPUT_EXISTS' })
    await sanitizeSamples({ ...options, overwrite: true })
  })

  it('writes a folder for a folder, and keeps a text that is too much for the parser', async () => {
    const problems = await write('two.jsonl', [problem(0, 'f'), problem(1, 'f')])
    const samples = join(folder, 'many')
    await mkdir(join(samples, 'S_0'), { recursive: true })
    await mkdir(join(samples, 'S_1'), { recursive: true })
    const deep = `${'('.repeat(100_000)}\nx`
    await writeFile(join(samples, 'S_0/0.py'), 'def f(x):\n    return x\nprint(1)\n')
    await writeFile(join(samples, 'S_1/0.py'), deep)
    const { out } = await sanitizeSamples({ samples, benchmarks: [problems] })
    expect(out).toBe(`${samples}-sanitized`)
    expect(await readFile(join(out, 'S_0/0.py'), 'utf8')).toBe('def f(x):\n    return x')
    expect((await readFile(join(out, 'S_1/0.py'), 'utf8')).startsWith('((((')).toBe(true)
  })
})
