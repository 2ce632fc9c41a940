import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { synthOptionsSchema } from '../../options.ts'
import { synthesise } from '../../synthesise.ts'
import {
  startTeacherServer,
  type TeacherServer,
  type TeacherServerOptions,
} from '../teacher-server.fixture.ts'

let folder: string
let server: TeacherServer | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'native-'))
  await writeFile(join(folder, 'tasks.txt'), 'Write double(x), which returns <|code|> twice x.\n')
})
afterEach(async () => {
  await server?.close()
  server = undefined
  await rm(folder, { recursive: true })
})

/** A tuned model behind raw completions: it knows what comes next by the end of the prompt. */
async function startModel(
  script: (prompt: string) => string,
  more: Partial<TeacherServerOptions> = {},
) {
  server = await startTeacherServer({
    respond: ({ prompt }) => ({ text: script(String(prompt)) }),
    ...more,
  })
  return server.baseUrl
}

const run = (teacher: string, more: Record<string, unknown> = {}) =>
  synthesise(
    synthOptionsSchema.parse({
      instructions: join(folder, 'tasks.txt'),
      teacher,
      out: join(folder, 'dialogs.jsonl'),
      apiKeyEnv: 'TEST_TEACHER_KEY',
      nearDuplicates: 1,
      ...more,
    }),
  )

const wrong = 'def double(x):\n    return x + 3\nassert double(2) == 4, double(2)'
const solution = 'def double(x):\n    return x * 2'

function script(prompt: string): string {
  if (prompt.split('<|user|>').length > 2) {
    return prompt.endsWith('<|endofblock|>') ? '' : `<|text|>\`\`\`python\n${solution}\n\`\`\``
  }
  if (prompt.endsWith('<|assistant|>')) return '<|text|>I double it.'
  if (prompt.endsWith('I double it.<|endofblock|>')) return `<|code|>${wrong}`
  if (prompt.endsWith('AssertionError: 5\n<|endofblock|>')) return '<|text|>It adds instead.'
  if (prompt.endsWith('adds instead.<|endofblock|>')) {
    return `<|code|>${solution}\nassert double(2) == 4, double(2)`
  }
  return prompt.endsWith('<|execution|><|endofblock|>') ? '<|text|>It passes.' : ''
}

describe('a tuned model behind a raw completions endpoint', () => {
  it('writes blocks, sees its outputs and goes on', async () => {
    const baseUrl = await startModel(script)
    const summary = await run('completions:tuned', { baseUrl })
    expect(summary).toMatchObject({ kept: 1, rounds: { 2: 1 } })
    const dialog = JSON.parse(await readFile(join(folder, 'dialogs.jsonl'), 'utf8'))
    const types = dialog.messages[1].content.map(({ type }: { type: string }) => type)
    const round = ['text', 'code', 'execution']
    expect(types).toEqual([...round, ...round, 'text'])
    expect(dialog.messages[3].content[0].content).toBe(`\`\`\`python\n${solution}\n\`\`\``)
    const prompts = server?.requests.map(({ body }) => String(body.prompt)) ?? []
    // Text that spells a token is sent so that the server makes no token of it.
    expect(prompts[0]).toContain('returns <| code|> twice x.')
    expect(dialog.messages[2].content[0].content).toContain('returns <|code|> twice x.')
    expect(server?.requests[0]?.body).toMatchObject({
      stop: ['<|endofblock|>', '<|endofmessage|>'],
      skip_special_tokens: false,
    })
  })

  it('is given time for a whole reply, which is not streamed', async () => {
    const baseUrl = await startModel(script, { latencyMs: 300 })
    const settings = { baseUrl, stallTimeoutMs: 100, maxRetries: 0 }
    expect(await run('completions:tuned', settings)).toMatchObject({ kept: 1 })
  })

  it('is counted by characters where the server does not count, and held to a limit', async () => {
    const baseUrl = await startModel(script, { usage: false })
    const summary = await run('completions:tuned', { baseUrl })
    const prompts = server?.requests.map(({ body }) => String(body.prompt).length) ?? []
    const read = prompts.reduce((sum, length) => sum + Math.ceil(length / 4), 0)
    expect(summary.spent?.inputTokens).toBe(read)
    expect(summary.spent?.outputTokens).toBeGreaterThan(60)
    const other = { out: join(folder, 'other.jsonl'), cache: join(folder, 'other') }
    const bounds = { maxTokensTotal: 3000, maxTokens: 50 }
    const stopped = await run('completions:tuned', { baseUrl, ...other, ...bounds })
    expect(stopped.stoppedBy).toBe('maxTokensTotal')
  })

  it('is not let write text without end, in one block or in many', async () => {
    const long = await startModel(() => `<|text|>${'again '.repeat(200)}`)
    expect(await run('completions:tuned', { baseUrl: long, maxTokens: 40 })).toMatchObject({
      dropped: { 'endless-reply': 1 },
    })
    await server?.close()
    const many = await startModel(() => `<|text|>${'again '.repeat(20)}`)
    const other = { out: join(folder, 'other.jsonl'), cache: join(folder, 'other') }
    const summary = await run('completions:tuned', { baseUrl: many, maxTokens: 40, ...other })
    expect(summary.dropped).toEqual({ 'cut-off': 1 })
    expect(server?.counts.requests).toBe(2)
  })

  it.each([
    ['text outside a block', 'Hello', 'broken-template'],
    ['a block inside a block', '<|text|>a<|code|>b', 'broken-template'],
    ['an output of its own', '<|execution|>4', 'broken-template'],
    ['blocks without end', '<|text|>and so on', 'endless-reply'],
    ['nothing', '', 'no-program'],
  ])('drops %s', async (_, text, reason) => {
    const baseUrl = await startModel(() => text)
    expect(await run('completions:tuned', { baseUrl })).toMatchObject({ dropped: { [reason]: 1 } })
  })
})

describe('a model on the embedded engine', () => {
  it('counts what an untrained one writes as what it is, the same every time', async () => {
    const model = fileURLToPath(new URL('../../../../../models/kata-base', import.meta.url))
    const settings = { prompts: 'kata', maxTokens: 24, keepDropped: true }
    const summary = await run(`native:${model}`, settings)
    expect(summary.kept).toBe(0)
    expect(Object.values(summary.dropped)).toEqual([1])
    const again = { ...settings, out: join(folder, 'again.jsonl') }
    await run(`native:${model}`, again)
    const read = (name: string) => readFile(join(folder, `${name}.jsonl.dropped.jsonl`), 'utf8')
    expect(await read('again')).toBe(await read('dialogs'))
  })

  it('names a folder that is no model', async () => {
    await expect(run(`native:${folder}`)).rejects.toMatchObject({ status: 2 })
  })
})
