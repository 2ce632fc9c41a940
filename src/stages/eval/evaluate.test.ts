import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compareResults } from './compare-results.ts'
import { evaluate } from './evaluate.ts'
import { readVerdicts } from './read-verdicts.ts'
import { readPassedTasks } from './result-file.ts'

let folder: string
let problems: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evaluate-'))
  problems = await write(
    'problems.jsonl',
    ['T/0', 'T/1', 'T/2'].map((task_id) =>
      JSON.stringify({
        task_id,
        prompt: 'def double(x):\n    """Doubles x."""\n',
        entry_point: 'double',
        canonical_solution: '    return x * 2\n',
        base_input: [[1], [2]],
        plus_input: [[0], [-3], [100000]],
        atol: 0,
      }),
    ),
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function write(name: string, lines: readonly string[]): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, lines.join('\n'))
  return path
}

const right = '    return x + x\n'
const wrongInPlus = '    return x * 2 if x >= 0 else 0\n'
const wrong = '    return x\n'

function samples(name: string, completions: readonly (readonly [string, string])[]) {
  const lines = completions.map(([task_id, completion]) => JSON.stringify({ task_id, completion }))
  return write(name, lines)
}

async function mixed(): Promise<string> {
  return samples('mixed.jsonl', [
    ['T/1', wrongInPlus],
    ['T/0', right],
    ['T/2', wrong],
  ])
}

const code = (error: Promise<unknown>) => error.then(String, (fault) => fault.code)

describe('evaluate', () => {
  it('scores samples and writes EvalPlus’s result file in the order of the problems', async () => {
    const out = join(folder, 'mixed')
    const summary = await evaluate({ problems, samples: await mixed(), out })
    expect(summary).toMatchObject({
      taskCount: 3,
      sampleCount: 3,
      isolation: 'bubblewrap',
      passAtK: { base: { 'pass@1': 2 / 3 }, plus: { 'pass@1': 1 / 3 } },
      statuses: { base: { pass: 2, fail: 1, timeout: 0 }, plus: { pass: 1, fail: 2, timeout: 0 } },
    })
    // What this machine may lack is none of the samples' doing.
    expect(summary.warnings.filter((text) => !text.includes('cgroup'))).toEqual([])
    const results = JSON.parse(await readFile(join(out, 'eval_results.json'), 'utf8'))
    expect(Object.keys(results)).toEqual(['date', 'hash', 'eval', 'pass_at_k'])
    expect(results.date).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d$/)
    expect(results.hash).toBe(summary.hash)
    expect(Object.keys(results.eval)).toEqual(['T/0', 'T/1', 'T/2'])
    expect(results.eval['T/1']).toEqual([
      {
        task_id: 'T/1',
        solution: `def double(x):\n    """Doubles x."""\n${wrongInPlus}`,
        base_status: 'pass',
        plus_status: 'fail',
        base_fail_tests: [],
        plus_fail_tests: [[-3]],
      },
    ])
    const verdicts = await readVerdicts(out)
    expect(verdicts[1]?.program).toContain(wrongInPlus)
    expect(verdicts[1]?.plus?.failure).toEqual({
      index: 1,
      input: '[-3]',
      expected: '-6',
      got: '0',
    })
  })

  it('runs every input with testDetails and leaves plus out with baseOnly', async () => {
    const path = await samples('details.jsonl', [['T/0', wrong]])
    const common = { problems, samples: path, allowPartial: true }
    await evaluate({ ...common, out: join(folder, 'details'), testDetails: true })
    const read = async (name: string) =>
      JSON.parse(await readFile(join(folder, name, 'eval_results.json'), 'utf8')).eval['T/0'][0]
    expect(await read('details')).toMatchObject({
      base_fail_tests: [[1], [2]],
      plus_fail_tests: [[-3], [100000]],
    })
    const summary = await evaluate({ ...common, out: join(folder, 'base'), baseOnly: true })
    expect(summary.passAtK).toEqual({ base: { 'pass@1': 0 } })
    expect(summary.warnings.at(-1)).toBe('2 problems have no sample and are left out of the scores')
    expect(await read('base')).toMatchObject({ plus_status: null, plus_fail_tests: [] })
  })

  it('skips plus after a failed base when asked to, with the same score', async () => {
    const summary = await evaluate({
      problems,
      samples: await mixed(),
      out: join(folder, 'skipped'),
      plusAfterFailedBase: false,
    })
    expect(summary.passAtK).toEqual({ base: { 'pass@1': 2 / 3 }, plus: { 'pass@1': 1 / 3 } })
    expect(summary.statuses.plus).toEqual({ pass: 1, fail: 1, timeout: 0 })
  })

  it('judges equal programs once and estimates pass@k over all samples', async () => {
    const bodies = [right, wrong, wrong, wrong, right, wrong, wrong, wrong, wrong, wrong]
    const path = await samples(
      'many.jsonl',
      ['T/0', 'T/1', 'T/2'].flatMap((id) => bodies.map((body) => [id, body] as const)),
    )
    const summary = await evaluate({ problems, samples: path, out: join(folder, 'many') })
    expect(summary).toMatchObject({ sampleCount: 30, programCount: 6 })
    expect(summary.passAtK.base['pass@1']).toBeCloseTo(0.2)
    expect(summary.passAtK.base['pass@10']).toBe(1)
  })

  it('refuses an existing output, overwrites it when asked to, resumes a finished one', async () => {
    const options = { problems, samples: await mixed(), out: join(folder, 'again') }
    const first = await evaluate(options)
    expect(await code(evaluate(options))).toBe('RC_OUTPUT_EXISTS')
    expect(await evaluate({ ...options, resume: true })).toEqual(first)
    expect(await code(evaluate({ ...options, resume: true, minTimeLimit: 1 }))).toBe(
      'RC_OUTPUT_EXISTS',
    )
    expect((await evaluate({ ...options, overwrite: true })).passAtK).toEqual(first.passAtK)
  })

  it('goes on where it was interrupted', async () => {
    const out = join(folder, 'interrupted')
    const options = { problems, samples: await mixed(), out, workers: 1 }
    const stop = new AbortController()
    const progress = {
      start: () => ({ update: () => stop.abort(), finish: () => {} }),
    }
    expect(await code(evaluate(options, { progress, signal: stop.signal }))).toBe('RC_INTERRUPTED')
    const journal = await readFile(join(out, 'verdicts.partial.jsonl'), 'utf8')
    expect(journal.trimEnd().split('\n')).toHaveLength(2)
    await writeFile(join(out, 'verdicts.partial.jsonl'), `${journal}{"key": "cut`)
    const started: number[] = []
    const counting = {
      start: () => ({ update: (done: number) => started.push(done), finish: () => {} }),
    }
    const summary = await evaluate({ ...options, resume: true }, { progress: counting })
    expect(started).toEqual([2, 3])
    expect(summary.passAtK).toEqual({ base: { 'pass@1': 2 / 3 }, plus: { 'pass@1': 1 / 3 } })
  })

  it('refuses to resume with other options', async () => {
    const out = join(folder, 'other')
    await evaluate({ problems, samples: await mixed(), out, workers: 1 })
    await rm(join(out, 'summary.json'))
    await writeFile(join(out, 'verdicts.partial.jsonl'), '{"fingerprint":"other"}\n')
    const resumed = evaluate({ problems, samples: await mixed(), out, resume: true })
    expect(await code(resumed)).toBe('RC_RESUME_MISMATCH')
  })

  it('names the task whose reference fails', async () => {
    const path = await write('broken.jsonl', [
      '{"task_id": "B/0", "prompt": "def f(x):\\n", "entry_point": "f", "canonical_solution": "    return 1 / x\\n", "base_input": [[1], [0]], "plus_input": []}',
    ])
    const own = await write('b.jsonl', ['{"task_id": "B/0", "solution": ""}'])
    await expect(
      evaluate({ problems: path, samples: own, out: join(folder, 'broken') }),
    ).rejects.toMatchObject({
      code: 'RC_REFERENCE_FAILED',
      status: 2,
      message: 'the reference of B/0 failed: base input 1: ZeroDivisionError: division by zero',
    })
  })

  it('names an option that does not exist', async () => {
    await expect(evaluate({ problems, samples: 's', out: 'o', minTimelimit: 1 })).rejects.toEqual(
      expect.objectContaining({ code: 'RC_UNKNOWN_OPTION', status: 2 }),
    )
  })
})

describe('compareResults', () => {
  it('lists what was fixed and broken', async () => {
    const before = join(folder, 'before')
    const after = join(folder, 'after')
    await evaluate({ problems, samples: await mixed(), out: before })
    const path = await samples('after.jsonl', [
      ['T/0', wrong],
      ['T/1', right],
      ['T/2', right],
    ])
    await evaluate({ problems, samples: path, out: after })
    const file = (out: string) => join(out, 'eval_results.json')
    expect(await compareResults(file(before), file(after))).toMatchObject({
      tasks: 3,
      fixed: ['T/1', 'T/2'],
      broken: ['T/0'],
      bothPass: 0,
      bothFail: 0,
      difference: 1 / 3,
      pValue: 1,
    })
    expect((await compareResults(file(before), file(after), 'base')).fixed).toEqual(['T/2'])
  })

  it('refuses results of different problems and files that hold none', async () => {
    const one = await write('one.json', ['{"hash": "a", "eval": {}}'])
    const two = await write('two.json', ['{"hash": "b", "eval": {}}'])
    expect(await code(compareResults(one, two))).toBe('RC_RESULTS_DIFFER')
    const bad = await write('bad.json', ['{"hash": "a"}'])
    expect(await code(compareResults(one, bad))).toBe('RC_BAD_RESULT_FILE')
  })

  it('reads inputs that only Python writes', async () => {
    const path = await write('python.json', [
      '{"hash": "a", "eval": {"T/0": [{"base_status": "pass", "plus_status": "fail", "plus_fail_tests": [[Infinity, "NaN", NaN]]}]}}',
    ])
    expect((await readPassedTasks(path, 'base')).passed).toEqual(new Map([['T/0', true]]))
    expect((await readPassedTasks(path, 'plus')).passed).toEqual(new Map([['T/0', false]]))
  })
})
