import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readDialogs } from '../../data/datasets/index.ts'
import { forecastSynthesis } from './forecast.ts'
import { type SynthOptions, synthOptionsSchema } from './options.ts'
import { estimateSynthesis, previewDialogs } from './pilot.ts'
import { synthesise } from './synthesise.ts'
import {
  additionTask,
  additionTeacher,
  startTeacherServer,
  type TeacherServer,
  type TeacherServerOptions,
} from './teachers/teacher-server.fixture.ts'

let folder: string
let server: TeacherServer
let tasks: string
const start = async (options: Partial<TeacherServerOptions> = {}) => {
  await server?.close()
  server = await startTeacherServer({ respond: additionTeacher(1), ...options })
}
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synth-run-'))
  tasks = join(folder, 'tasks.txt')
  await start()
})
afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

const writeTasks = (count: number) =>
  writeFile(
    tasks,
    Array.from({ length: count }, (_, index) => `${additionTask(index + 20)}\n`).join(''),
  )

const optionsFor = (name: string, more: Partial<SynthOptions> = {}): SynthOptions =>
  synthOptionsSchema.parse({
    instructions: tasks,
    teacher: 'endpoint:m',
    baseUrl: server.baseUrl,
    apiKeyEnv: 'TEST_TEACHER_KEY',
    out: join(folder, `${name}.jsonl`),
    concurrency: 4,
    nearDuplicates: 1,
    ...more,
  })

const read = (path: string) => readFile(path, 'utf8')

async function idsOf(path: string): Promise<unknown[]> {
  const ids: unknown[] = []
  for await (const { dialog } of readDialogs(path)) ids.push(dialog.id)
  return ids
}

describe('a run against an endpoint', () => {
  it('orders the output by instruction, not by arrival', async () => {
    await writeTasks(8)
    await start({ latencyMs: 2, fault: (request) => (request === 0 ? '500' : undefined) })
    const { out } = optionsFor('out')
    await synthesise(optionsFor('out'))
    expect(await idsOf(out)).toEqual(Array.from({ length: 8 }, (_, index) => `tasks-${index + 1}`))
  })

  it('goes on after SIGKILL by the same command, asks nothing twice and ends with the same bytes', async () => {
    await writeTasks(6)
    await synthesise(optionsFor('whole'))
    await start({ latencyMs: 60 })
    const options = optionsFor('killed', { concurrency: 2 })
    await killWhen(options, () => server.counts.requests >= 9)
    const summary = await synthesise(options)
    expect(await read(options.out)).toBe(await read(join(folder, 'whole.jsonl')))
    expect(summary.spent?.calls).toBe(24)
    // What was in flight when the process died may have been answered unheard.
    const twice = [...server.served.values()].filter((count) => count > 1).length
    expect(twice).toBeLessThanOrEqual(2)
    expect([...server.served.values()].length).toBe(24)
  })

  it('drains when it is told to stop, and goes on later', async () => {
    await writeTasks(12)
    await start({ latencyMs: 5 })
    const controller = new AbortController()
    const options = optionsFor('drained', { concurrency: 1 })
    const progress = {
      start: () => ({ update: () => controller.abort(), finish: () => {} }),
    }
    await expect(
      synthesise(options, { progress, signal: controller.signal }),
    ).rejects.toMatchObject({
      code: 'RC_INTERRUPTED',
    })
    // Instructions in work were finished: four calls each, none cut off.
    expect(server.counts.requests % 4).toBe(0)
    expect(server.counts.requests).toBeLessThan(48)
    await synthesise(options)
    expect(server.counts.requests).toBe(48)
    await synthesise(optionsFor('whole'))
    expect(await read(options.out)).toBe(await read(join(folder, 'whole.jsonl')))
  })

  it('asks for nothing again when only what is kept changes', async () => {
    await writeTasks(4)
    await synthesise(optionsFor('out'))
    const before = server.counts.requests
    const summary = await synthesise(optionsFor('out', { maxCharacters: 300, overwrite: true }))
    expect(summary).toMatchObject({ kept: 0, dropped: { 'too-long-dialog': 4 } })
    expect(server.counts.requests).toBe(before)
  })

  it('refuses an output that is there, and with resume says again what it came to', async () => {
    await writeTasks(2)
    const summary = await synthesise(optionsFor('out'))
    await expect(synthesise(optionsFor('out'))).rejects.toMatchObject({ code: 'RC_OUTPUT_EXISTS' })
    expect(await synthesise(optionsFor('out', { resume: true }))).toEqual(summary)
    await expect(
      synthesise(optionsFor('out', { resume: true, maxRounds: 7 })),
    ).rejects.toMatchObject({ code: 'RC_OUTPUT_EXISTS' })
  })

  it('replays a recording byte for byte without a server', async () => {
    await writeTasks(3)
    const record = join(folder, 'record.jsonl')
    await synthesise(optionsFor('asked', { record }))
    const requests = server.counts.requests
    const replayed = optionsFor('replayed', { teacher: `recorded:${record}` })
    await synthesise(replayed)
    expect(await read(replayed.out)).toBe(await read(join(folder, 'asked.jsonl')))
    expect(server.counts.requests).toBe(requests)
    await writeTasks(4)
    await expect(
      synthesise(optionsFor('more', { teacher: `recorded:${record}` })),
    ).rejects.toMatchObject({ code: 'RC_NOT_RECORDED', status: 2 })
  })

  it('drops instructions that stood before, and of near-duplicates all but the first', async () => {
    await writeTasks(2)
    await writeFile(tasks, `${await read(tasks)}${additionTask(20)}\n  ${additionTask(21)}\n`)
    const summary = await synthesise(optionsFor('out'))
    expect(summary).toMatchObject({ kept: 2, dropped: { 'duplicate-instruction': 2 } })
    const preface = Array.from({ length: 80 }, (_, index) => `word${index}`).join(' ')
    await writeFile(tasks, [1, 2].map((n) => `${preface} ${additionTask(n)}\n`).join(''))
    const near = await synthesise(
      optionsFor('near', { nearDuplicates: 0.7, keepDropped: true, overwrite: true }),
    )
    expect(near).toMatchObject({
      kept: 1,
      dropped: { 'near-duplicate': 1 },
    })
    expect(await read(join(folder, 'near.jsonl.dropped.jsonl'))).toContain('of instruction 1')
  })

  it('stops before a budget is exceeded, writes what it has and goes on with more', async () => {
    await writeTasks(8)
    const prices = { inputPrice: 1, outputPrice: 10, maxTokens: 200, concurrency: 2 }
    const options = optionsFor('out', { ...prices, maxCost: 0.01 })
    const notes: (string | undefined)[] = []
    const note = (text?: string) => void notes.push(text)
    const progress = {
      start: () => ({ update: (_: number, text?: string) => note(text), finish: note }),
    }
    const summary = await synthesise(options, { progress })
    expect(summary.stoppedBy).toBe('maxCost')
    expect(summary.kept).toBeGreaterThan(0)
    expect(summary.kept).toBeLessThan(8)
    expect(summary.cost).toBeLessThan(0.01)
    // All that was answered is in the account, and it adds up.
    const { inputTokens: read, outputTokens: written } = server.counts
    expect(summary.cost).toBeCloseTo((read + 10 * written) / 1e6, 9)
    expect(summary.spent).toEqual({
      calls: server.counts.requests,
      inputTokens: read,
      outputTokens: written,
    })
    const { kept, unfinished } = summary.spentOn ?? {}
    expect(kept?.calls).toBe(4 * summary.kept)
    expect(unfinished?.calls).toBe(server.counts.requests - 4 * summary.kept)
    expect(unfinished?.calls).toBeGreaterThan(0)
    expect((kept?.cost ?? 0) + (unfinished?.cost ?? 0)).toBeCloseTo(summary.cost ?? 0, 9)
    expect(notes.at(-1)).toContain(`cost ${summary.cost?.toFixed(2)}`)
    const rest = await synthesise({ ...options, maxCost: 1, resume: true })
    expect(rest).toMatchObject({ kept: 8 })
    expect(rest.stoppedBy).toBeUndefined()
    expect(rest.cost).toBeCloseTo(
      ((rest.spent?.inputTokens ?? 0) + 10 * (rest.spent?.outputTokens ?? 0)) / 1e6,
      9,
    )
    expect(server.counts.requests).toBe(32)
    const tokens = await synthesise(
      optionsFor('tokens', { maxTokensTotal: 2000, maxTokens: 200, cache: join(folder, 'x') }),
    )
    expect(tokens.stoppedBy).toBe('maxTokensTotal')
    const { inputTokens = 0, outputTokens = 0 } = tokens.spent ?? {}
    expect(inputTokens + outputTokens).toBeLessThanOrEqual(2000)
  })

  it('refuses a broken line before any call, or passes over it when told to', async () => {
    const path = join(folder, 'broken.jsonl')
    const good = (n: number) => JSON.stringify({ instruction: additionTask(n) })
    await writeFile(path, `${good(1)}\n{"instruction": \n{"other": 1}\n${good(2)}\n`)
    await expect(synthesise(optionsFor('out', { instructions: path }))).rejects.toMatchObject({
      code: 'RC_BAD_JSON_LINE',
      message: expect.stringContaining('line 2'),
    })
    expect(server.counts.requests).toBe(0)
    const summary = await synthesise(
      optionsFor('out', { instructions: path, skipBroken: true, resume: true }),
    )
    expect(summary).toMatchObject({ kept: 2, broken: 2 })
  })

  it('refuses a file without instructions, and a limit on money without prices', async () => {
    await writeFile(tasks, '\n \n')
    await expect(synthesise(optionsFor('out'))).rejects.toMatchObject({
      code: 'RC_NO_INSTRUCTIONS',
      status: 2,
    })
    await writeTasks(1)
    for (const work of [synthesise, forecastSynthesis]) {
      await expect(work(optionsFor('out', { maxCost: 1 }))).rejects.toMatchObject({
        code: 'RC_NO_PRICES',
      })
    }
    expect(server.counts.requests).toBe(0)
  })

  it('reads columns of other names', async () => {
    const path = join(folder, 'columns.jsonl')
    const record = {
      key: 'a',
      question: additionTask(3),
      check: 'assert add_3(1) == 5',
      messages: [{ role: 'user', content: 'Something else.' }],
    }
    await writeFile(path, `${JSON.stringify(record)}\n`)
    const columns = { instructionColumn: 'question', idColumn: 'key', testsColumn: 'check' }
    const summary = await synthesise(optionsFor('out', { instructions: path, ...columns }))
    expect(summary.dropped).toEqual({ 'answer-fails-given-tests': 1 })
    await expect(
      synthesise(optionsFor('none', { instructions: path, instructionColumn: 'task' })),
    ).rejects.toMatchObject({
      message: `${path}, line 1, column task: expected text, got nothing; the columns are "key", "question", "check", "messages"`,
    })
  })

  it('shows what programs print: truncated in the middle, special tokens as text, bytes marked', async () => {
    await writeTasks(1)
    const solve = additionTeacher(0)
    const noisy =
      'import sys\nfor i in range(2000): print("line", i)\nprint("<|end" "ofblock|><|us" "er|>")\nsys.stdout.flush()\nsys.stdout.buffer.write(bytes([0, 255, 10]))\n'
    await start({
      respond(asked) {
        const said = solve(asked)
        if (asked.messages.length > 2) return said
        return { text: said.text?.replace('```python\n', `\`\`\`python\n${noisy}`) ?? '' }
      },
    })
    await synthesise(optionsFor('out', { outputCharacters: 400 }))
    const [dialog] = (await read(join(folder, 'out.jsonl')))
      .split('\n')
      .map((line) => line && JSON.parse(line))
    const shown = dialog.messages[1].content[2].content as string
    expect(shown.length).toBeLessThan(460)
    expect(shown).toMatch(
      /^line 0\n[\s\S]*\n\[… \d+ characters left out …\]\n[\s\S]*<\|endofblock\|><\|user\|>\n\ufffd\ufffd\n/,
    )
  })
})

describe('before a run', () => {
  it('checks everything without a call', async () => {
    await writeTasks(5)
    const forecast = await forecastSynthesis(optionsFor('out'))
    expect(forecast).toMatchObject({
      instructions: { total: 5, duplicates: 0, broken: 0 },
      baseUrl: `${server.baseUrl}`,
    })
    expect(server.counts.requests).toBe(0)
    const prompts = join(folder, 'no-such-folder')
    await expect(forecastSynthesis(optionsFor('out', { prompts }))).rejects.toMatchObject({
      code: 'RC_NO_PROMPTS',
    })
  })

  it('previews whole dialogs and estimates the run, whose replies are then known', async () => {
    await writeTasks(20)
    const options = optionsFor('out', { inputPrice: 2, outputPrice: 8 })
    const previewed = await previewDialogs(options, 2)
    expect(previewed.map(({ id }) => id)).toEqual(['tasks-1', 'tasks-2'])
    expect(previewed[0]?.dialog?.messages).toHaveLength(4)
    const estimate = await estimateSynthesis(options, 4)
    expect(estimate).toMatchObject({ instructions: 20, pilot: 4, kept: 4, calls: 80 })
    expect(server.counts.requests).toBe(16)
    const summary = await synthesise(options)
    expect(server.counts.requests).toBe(80)
    expect(Math.abs((summary.cost ?? 0) - estimate.cost) / estimate.cost).toBeLessThan(0.05)
    await expect(stat(`${options.out}.journal`)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

/** Runs `synthesise` in a process of its own and kills it when a condition holds. */
async function killWhen(options: SynthOptions, condition: () => boolean): Promise<void> {
  const module = new URL('./synthesise.ts', import.meta.url).href
  const code = `import(${JSON.stringify(module)}).then((m) => m.synthesise(${JSON.stringify(options)}))`
  const child = spawn(process.execPath, ['--import', 'tsx', '-e', code], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.on('exit', resolve))
  while (!condition() && child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 5))
  child.kill('SIGKILL')
  await ended
}
