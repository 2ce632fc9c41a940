import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { InputError, InterruptedError } from '../../core/index.ts'
import { forecastRun, runRecipe } from './run-recipe.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recipe-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const twoSteps = `title: Two steps
seed: 7
steps:
  - id: instructions
    uses: katas
    with:
      count: 3
  - id: plain
    uses: convert
    with:
      input: \${instructions}
`

async function writeRecipe(text: string): Promise<string> {
  const path = join(folder, 'recipe.yaml')
  await writeFile(path, text)
  return path
}

async function runText(text: string, set: string[] = [], signal?: AbortSignal) {
  const options = { recipe: await writeRecipe(text), out: join(folder, 'run'), set }
  return runRecipe(options, { version: '0.0.0', ...(signal ? { signal } : {}) })
}

const startsOf = (summary: Awaited<ReturnType<typeof runRecipe>>) =>
  summary.steps.map(({ id, start }) => `${id} ${start}`)

async function faultOf(text: string): Promise<InputError> {
  const error = await runText(text).catch((cause) => cause)
  expect(error).toBeInstanceOf(InputError)
  return error as InputError
}

describe('runRecipe', () => {
  it('passes the output of a step to the next and writes a report', async () => {
    const summary = await runText(twoSteps)
    expect(startsOf(summary)).toEqual(['instructions start', 'plain start'])
    const plain = await readFile(join(folder, 'run/plain.jsonl'), 'utf8')
    expect(plain.trim().split('\n')).toHaveLength(3)
    expect(JSON.parse(plain.split('\n')[0] as string).type).toBe('generation')
    expect(await readFile(summary.report, 'utf8')).toContain('<title>Two steps</title>')
  })

  it('skips what is done and leaves the same bytes', async () => {
    await runText(twoSteps)
    const before = await readFile(join(folder, 'run/plain.jsonl'), 'utf8')
    expect(startsOf(await runText(twoSteps))).toEqual(['instructions skip', 'plain skip'])
    expect(await readFile(join(folder, 'run/plain.jsonl'), 'utf8')).toBe(before)
  })

  it('does a changed step anew with all that depend on it', async () => {
    await runText(twoSteps)
    const summary = await runText(twoSteps, ['instructions.count=4'])
    expect(startsOf(summary)).toEqual(['instructions start', 'plain start'])
    const plain = await readFile(join(folder, 'run/plain.jsonl'), 'utf8')
    expect(plain.trim().split('\n')).toHaveLength(4)
  })

  it('does only a changed later step anew', async () => {
    await runText(twoSteps)
    await rm(join(folder, 'run/plain.jsonl'))
    expect(startsOf(await runText(twoSteps))).toEqual(['instructions skip', 'plain start'])
  })

  it('does a step anew when a file that it reads has changed', async () => {
    const data = join(folder, 'data.jsonl')
    const text = `title: One\nsteps:\n  - id: plain\n    uses: convert\n    with:\n      input: ${data}\n`
    await writeFile(data, '{"query":"a","answer":"b"}\n')
    await runText(text)
    expect(startsOf(await runText(text))).toEqual(['plain skip'])
    await writeFile(data, '{"query":"a","answer":"c"}\n')
    expect(startsOf(await runText(text))).toEqual(['plain start'])
  })

  it('stops before the next step when interrupted and goes on later', async () => {
    const aborted = AbortSignal.abort()
    await expect(runText(twoSteps, [], aborted)).rejects.toBeInstanceOf(InterruptedError)
    expect(startsOf(await runText(twoSteps))).toEqual(['instructions start', 'plain start'])
  })

  it('forecasts without writing anything', async () => {
    const options = { recipe: await writeRecipe(twoSteps), out: join(folder, 'run'), set: [] }
    const forecast = await forecastRun(options, '0.0.0')
    expect(forecast.steps.map(({ id, start }) => [id, start])).toEqual([
      ['instructions', 'start'],
      ['plain', 'start'],
    ])
    expect(forecast.steps[0]?.options).toMatchObject({ count: 3, seed: 7, split: 'train' })
    await expect(readFile(join(folder, 'run/recipe.yaml'))).rejects.toThrow('ENOENT')
  })
})

describe('a wrong recipe', () => {
  it('names the nearest option and the line of an unknown one', async () => {
    const error = await faultOf(twoSteps.replace('count: 3', 'cout: 3'))
    expect(error.message).toMatch(
      /^unknown option cout, step instructions in .*recipe.yaml, line 7$/,
    )
    expect(error.hint).toBe('The nearest one is count.')
  })

  it('names the line of a wrong value', async () => {
    const error = await faultOf(twoSteps.replace('count: 3', 'count: many'))
    expect(error.message).toMatch(
      /option count: .*number.*got "many", step instructions in .*line 7$/,
    )
  })

  it('names the nearest key outside the steps', async () => {
    const error = await faultOf(twoSteps.replace('seed: 7', 'sed: 7'))
    expect(error.message).toMatch(/^unknown option sed in .*recipe.yaml, line 2$/)
    expect(error.hint).toBe('The nearest one is seed.')
  })

  it('names the nearest stage', async () => {
    const error = await faultOf(twoSteps.replace('uses: convert', 'uses: convrt'))
    expect(error.message).toMatch(/^unknown stage convrt in .*, line 9$/)
    expect(error.hint).toContain('The nearest one is convert')
  })

  it('refuses a reference to what is no earlier step', async () => {
    const error = await faultOf(twoSteps.replace('{instructions}', '{instruction}'))
    expect(error.message).toContain('{instruction} is no earlier step, step plain in ')
    expect(error.hint).toBe('The nearest name is instructions.')
  })

  it('refuses an output that the run sets itself', async () => {
    const error = await faultOf(twoSteps.replace('count: 3', 'count: 3\n      out: x.jsonl'))
    expect(error.message).toContain('the option out is set by the run itself')
  })

  it('refuses a setting that is no YAML', async () => {
    await expect(runText(twoSteps, ['plain.input=[a'])).rejects.toMatchObject({
      code: 'RC_BAD_OPTION',
      message: expect.stringContaining('--set plain.input=[a: not YAML'),
    })
  })

  it('says where the text is no YAML', async () => {
    const error = await faultOf('title: "open\nsteps: []\n')
    expect(error.code).toBe('RC_BAD_RECIPE')
    expect(error.message).toMatch(/recipe.yaml, line \d+ is not YAML/)
  })
})
