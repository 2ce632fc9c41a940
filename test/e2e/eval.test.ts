import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliRun, runCli } from './run-cli.ts'

let folder: string
let problems: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eval-cli-'))
  problems = await write('problems.jsonl', [0, 1].map(problem))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const problem = (index: number) => ({
  task_id: `Own/${index}`,
  prompt: 'def double(x):\n',
  entry_point: 'double',
  canonical_solution: '    return 2 * x\n',
  base_input: [[1]],
  plus_input: [[3], [-2]],
  atol: 0,
})

let files = 0
async function write(name: string, records: readonly (object | string)[]): Promise<string> {
  const path = join(folder, `${++files}-${name}`)
  const lines = records.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
  await writeFile(path, lines.join('\n'))
  return path
}

const sample = (index: number, completion: string) => ({ task_id: `Own/${index}`, completion })
const right = '    return x + x\n'
const wrong = '    return abs(2 * x)\n'
const empty = { HOME: '/nonexistent', XDG_CACHE_HOME: '', REFLECTIONCODER_DATA: '' }

async function evalRun(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<CliRun & { out: string }> {
  const out = join(folder, `out-${++files}`)
  const cache = join(folder, 'cache')
  const run = await runCli(['eval', ...args, '--out', out], {
    env: { XDG_CACHE_HOME: cache, ...env },
  })
  return { ...run, out }
}

describe('eval', () => {
  it('prints a table and leaves results, a page and JUnit XML', async () => {
    const samples = await write('samples.jsonl', [sample(0, right), sample(1, wrong)])
    const run = await evalRun(['--benchmark', problems, '--samples', samples])
    expect(run.status, run.stderr).toBe(0)
    expect(run.stdout).toMatch(/problems\.jsonl: 2 tasks, 2 samples, 2 different programs/)
    expect(run.stdout).toMatch(/\nbase +100\.0 %/)
    expect(run.stdout).toMatch(/\nbase and plus +50\.0 %/)
    const read = (name: string) => readFile(join(run.out, name), 'utf8')
    expect(await read('report.html')).toContain('<th>expected</th><td><code>-4</code>')
    expect(await read('junit.xml')).toContain('tests="2" failures="1" errors="0"')
    expect(JSON.parse(await read('eval_results.json')).eval['Own/1'][0].plus_fail_tests).toEqual([
      [-2],
    ])
    const file = join(folder, 'shown.py')
    const open = await runCli(['eval', 'open', 'Own/1', '--results', run.out, '--out', file])
    expect(open).toMatchObject({ status: 0, stdout: `${file}\nRun it with: python3 Own_1.py\n` })
    expect(await readFile(file, 'utf8')).toContain('arguments = [-2]')
  })

  it('prints one JSON document with --json and reuses what references returned', async () => {
    const samples = await write('samples.jsonl', [sample(0, right), sample(1, right)])
    const args = ['--benchmark', problems, '--samples', samples, '--json']
    const first = await evalRun(args)
    expect(JSON.parse(first.stdout)).toMatchObject({
      passAtK: { plus: { 'pass@1': 1 } },
      taskCount: 2,
    })
    const second = await evalRun(args)
    expect(JSON.parse(second.stdout).passAtK).toEqual(JSON.parse(first.stdout).passAtK)
  })

  it('judges the katas without any file', async () => {
    const samples = await write('samples.jsonl', [{ task_id: 'Nothing/0', solution: '' }])
    const run = await evalRun(['--benchmark', 'katas', '--samples', samples])
    expect(run.status).toBe(2)
    expect(run.stderr).toMatch(/RC_WRONG_BENCHMARK|the problems are Kata/)
  })

  it('finds benchmarks in the folder that the environment names', async () => {
    const data = join(folder, 'data')
    await mkdir(data, { recursive: true })
    await writeFile(join(data, 'MbppPlus.jsonl.gz'), gzipSync('{}'))
    const args = ['--benchmark', 'mbpp', '--samples', problems]
    const found = await evalRun(args, { ...empty, REFLECTIONCODER_DATA: data })
    expect(found.stderr).toContain(`${data}/MbppPlus.jsonl.gz is not the known file`)
    const cached = await evalRun(args, { ...empty, XDG_CACHE_HOME: join(folder, 'none') })
    expect(cached.stderr).toContain('there is no MbppPlus.jsonl.gz in')
    expect(cached.stderr).toContain('none/reflectioncoder/data')
    expect(cached.stderr).toContain('reflectioncoder data fetch')
  })
})

describe('bad input of eval', () => {
  const bad: [title: string, lines: (object | string)[], status: number, message: RegExp][] = [
    [
      'a malformed line',
      [sample(0, right), '{"task_id": "Own/1", "completion": "x'],
      2,
      /line 2: not valid JSON/,
    ],
    ['a line that is no object', ['[1]'], 2, /line 1: expected a JSON object, got a list/],
    [
      'a sample without a program',
      [{ task_id: 'Own/0' }],
      2,
      /line 1, field solution: expected text/,
    ],
    [
      'a program that is no text',
      [{ task_id: 'Own/0', solution: 3 }],
      2,
      /field solution: .*got 3/,
    ],
    ['a missing task', [sample(0, right)], 2, /has no sample for Own\/1\nhint: .*--allow-partial/],
    ['no sample', ['', ''], 2, /holds no sample/],
    [
      'samples for another benchmark',
      [{ task_id: 'HumanEval/0', completion: '' }],
      2,
      /no sample of .* the samples are for HumanEval\/0, the problems are Own\/0, Own\/1/,
    ],
  ]
  it.each(bad)('refuses %s', async (_, lines, status, message) => {
    const run = await evalRun([
      '--benchmark',
      problems,
      '--samples',
      await write('bad.jsonl', lines),
    ])
    expect(run.status).toBe(status)
    expect(run.stdout).toBe('')
    expect(run.stderr).toMatch(message)
  })

  it('skips samples of unknown tasks and says so; an empty program fails', async () => {
    const lines = [sample(0, right), sample(7, right), { task_id: 'Own/1', solution: ' \n' }]
    const samples = await write('samples.jsonl', lines)
    const run = await evalRun(['--benchmark', problems, '--samples', samples, '--json'])
    expect(run.status, run.stderr).toBe(0)
    const summary = JSON.parse(run.stdout)
    expect(summary.unknownTasks).toEqual([{ taskId: 'Own/7', samples: 1 }])
    expect(summary.warnings).toEqual([
      '1 tasks have an empty sample (Own/1…)',
      '1 samples of tasks that are not among the problems were skipped (Own/7…)',
    ])
    expect(summary.passAtK.base).toEqual({ 'pass@1': 0.5 })
  })

  it('refuses an unknown benchmark, two of them, none, and variants that do not exist', async () => {
    const samples = await write('samples.jsonl', [sample(0, right)])
    const message = async (...args: string[]) => {
      const run = await evalRun([...args, '--samples', samples])
      expect(run.status).toBe(2)
      return run.stderr
    }
    expect(await message('--benchmark', 'humanval')).toMatch(
      /expected a benchmark or a problem file, got humanval\nhint: The nearest name is humaneval/,
    )
    expect(await message('--benchmark', 'mbpp', '--problems', problems)).toMatch(/mean the same/)
    expect(await message()).toMatch(/the option --benchmark is required/)
    expect(await message('--benchmark', 'mbpp', '--mini')).toMatch(/no mini version of mbpp/)
    expect(await message('--benchmark', 'gsm8k', '--no-extreme')).toMatch(/without extreme inputs/)
  })

  it('refuses to compare results of different dataset versions', async () => {
    const result = (hash: string) => write('r.json', [`{"hash": "${hash}", "eval": {}}`])
    const run = await runCli(['eval', 'compare', await result('a'), await result('b')])
    expect(run.status).toBe(2)
    expect(run.stderr).toMatch(/are of different problem files \(a, b\)\nhint: /)
  })

  it('refuses to fetch what is not known and says when a server cannot be reached', async () => {
    const unknown = await runCli(['data', 'fetch', 'mbp', '--data', folder])
    expect(unknown.status).toBe(2)
    expect(unknown.stderr).toMatch(/there is no benchmark mbp to fetch\nhint: .* mbpp/)
    const args = ['data', 'fetch', 'gsm8k', '--data', folder, '--mirror', 'http://127.0.0.1:1/']
    const gone = await runCli(args)
    expect(gone.status).toBe(1)
    expect(gone.stderr).toMatch(/cannot download http:\/\/127.0.0.1:1\/gsm8k-test-400.jsonl.gz/)
  })
})
