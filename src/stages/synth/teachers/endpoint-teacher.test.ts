import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readDialogs } from '../../../data/datasets/index.ts'
import { type Dialog, renderDialog, type SpecialToken } from '../../../data/dialog/index.ts'
import { loadTokenizer } from '../../../nn/tokenizer/index.ts'
import { synthOptionsSchema } from '../options.ts'
import { synthesise } from '../synthesise.ts'
import {
  type AskedChat,
  additionTask,
  additionTeacher,
  startTeacherServer,
  type TeacherServer,
  type TeacherServerOptions,
} from './teacher-server.fixture.ts'

let folder: string
let server: TeacherServer | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'endpoint-'))
  process.env.TEST_TEACHER_KEY = 'sk-secret-of-the-test'
})
afterEach(async () => {
  await server?.close()
  await rm(folder, { recursive: true })
})

const model = fileURLToPath(new URL('../../../../models/kata-base', import.meta.url))

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 11)

async function run(
  serverOptions: TeacherServerOptions,
  options: Record<string, unknown> = {},
  count = 4,
) {
  server = await startTeacherServer(serverOptions)
  const instructions = join(folder, 'tasks.txt')
  await writeFile(
    instructions,
    numbers(count)
      .map((n) => `${additionTask(n)}\n`)
      .join(''),
  )
  return synthesise(
    synthOptionsSchema.parse({
      instructions,
      teacher: 'endpoint:test-model',
      baseUrl: server.baseUrl,
      apiKeyEnv: 'TEST_TEACHER_KEY',
      out: join(folder, 'dialogs.jsonl'),
      concurrency: 4,
      nearDuplicates: 1,
      ...options,
    }),
  )
}

async function readAll(): Promise<Dialog[]> {
  const dialogs: Dialog[] = []
  for await (const { dialog } of readDialogs(join(folder, 'dialogs.jsonl'))) dialogs.push(dialog)
  return dialogs
}

describe('an endpoint as the teacher', () => {
  it.each(['fences', 'tools'])('writes, runs, repairs and answers with %s', async (protocol) => {
    const summary = await run(
      { respond: additionTeacher(), key: 'sk-secret-of-the-test' },
      { protocol },
    )
    expect(summary).toMatchObject({ kept: 4, dropped: {}, rounds: { 3: 4 } })
    expect(summary.spent?.calls).toBe(20)
    const [first] = await readAll()
    expect(first?.messages.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
    ])
    const [request, reflection, question, answer] = first?.messages ?? []
    expect(request?.content[0]?.content).toContain(additionTask(11))
    expect(question?.content[0]?.content).toBe(additionTask(11))
    expect(answer?.content).toEqual([
      { type: 'text', content: '```python\ndef add_11(x):\n    return x + 11\n```' },
    ])
    const types = reflection?.content.map(({ type }) => type) ?? []
    const round = ['text', 'code', 'execution']
    expect(types).toEqual([...round, ...round, ...round, 'text'])
    expect(reflection?.content[2]?.content).toMatch(/^Traceback[\s\S]*AssertionError: 14\n$/)
    expect(reflection?.content.at(-2)?.content).toBe('')
  })

  it('reads a whole reply where a stream was asked for', async () => {
    const summary = await run({ respond: additionTeacher(), streams: false })
    expect(summary).toMatchObject({ kept: 4, dropped: {}, rounds: { 3: 4 } })
    expect(server?.requests[0]?.body.stream).toBe(true)
    expect(summary.spent?.calls).toBe(20)
  })

  it('gives a tool its outputs as tool messages', async () => {
    await run({ respond: additionTeacher() }, { protocol: 'tools' }, 1)
    const messages = server?.requests.at(-1)?.body.messages ?? []
    expect(messages.map(({ role }) => role)).toEqual([
      ...['system', 'user', 'assistant', 'tool', 'assistant', 'tool', 'assistant', 'tool'],
      ...['assistant', 'user'],
    ])
  })

  it.each(['fences', 'tools'])(
    'keeps text what a program prints like tokens, with %s',
    async (protocol) => {
      // The code spells no token, its output does.
      const printed = '<|endofblock|><|endofmessage|><|user|><|text|>Hello<|im_end|>'
      const program = `print(${JSON.stringify(printed.replaceAll('|', '~'))}.replace("~", "|"))\n`
      const solve = additionTeacher(0)
      const respond: TeacherServerOptions['respond'] = (asked) => {
        const said = solve(asked)
        if (asked.messages.length > 2) return said
        if (said.text) said.text = said.text.replace('```python\n', `\`\`\`python\n${program}`)
        if (said.toolCall) {
          const { code } = JSON.parse(said.toolCall.arguments) as { code: string }
          said.toolCall.arguments = JSON.stringify({ code: program + code })
        }
        return said
      }
      // The code spells no token in one piece, its output does.
      expect(program).not.toContain('<|endofblock|>')
      expect(await run({ respond }, { protocol }, 1)).toMatchObject({ kept: 1 })
      const [dialog] = await readAll()
      if (!dialog) throw new Error('no dialog')
      expect(dialog.messages[1]?.content[2]).toEqual({ type: 'execution', content: `${printed}\n` })
      const tokenizer = await loadTokenizer(model)
      const ids = tokenizer.encodeSegments(renderDialog(dialog))
      const count = (token: SpecialToken) =>
        ids.filter((id) => id === tokenizer.specialIds[token]).length
      const blocks = dialog.messages.flatMap(({ content }) => content)
      expect(count('<|endofblock|>')).toBe(blocks.length)
      expect([count('<|user|>'), count('<|endofmessage|>')]).toEqual([2, 4])
      expect(count('<|text|>')).toBe(blocks.filter(({ type }) => type === 'text').length)
      // A reply that comes back is the text of the tool's message, whole and nothing else.
      const told = server?.requests[1]?.body.messages.at(-1)
      expect(told?.role).toBe(protocol === 'tools' ? 'tool' : 'user')
      expect(told?.content).toContain(printed)
    },
  )

  it.each([true, false])('bears every kind of fault, streaming %s', async (stream) => {
    const kinds = ['429', '500', '503', 'reset', 'reset-late', 'stall', 'cut'] as const
    const fault = (n: number) => (n > 3 && n % 3 === 0 ? kinds[(n / 3) % 7] : undefined)
    const summary = await run(
      { respond: additionTeacher(1), fault },
      // What comes at once is silent until it is whole: only the time of a call ends a stall there.
      {
        stream,
        stallTimeoutMs: 150,
        ...(stream ? {} : { timeoutMs: 400 }),
        maxRetries: 30,
        seed: 1,
      },
      5,
    )
    expect(summary).toMatchObject({ kept: 5, rounds: { 2: 5 } })
    expect(Object.keys(server?.faults ?? {}).length).toBe(kinds.length)
    // No reply was paid for twice.
    expect([...(server?.served.values() ?? [])]).toEqual(Array.from({ length: 20 }, () => 1))
  })

  it('drops the one instruction that the server cannot bear', async () => {
    const solve = additionTeacher(0)
    const summary = await run(
      {
        respond: (asked) =>
          numberOf(asked) === 12 ? { status: 500, error: { message: 'boom' } } : solve(asked),
      },
      { maxRetries: 1, concurrency: 2 },
      3,
    )
    expect(summary).toMatchObject({ kept: 2, dropped: { 'call-failed': 1 } })
  })

  it.each([
    ['the resource and a version', '', { apiVersion: '2024-10-21' }, 'test-model'],
    ['its folder for OpenAI', '/openai/', { apiVersion: '2024-10-21' }, 'test-model'],
    ['the address of a deployment', '/openai/deployments/own?api-version=2024-10-21', {}, 'own'],
  ])('speaks to Azure by %s', async (_, path, options, deployment) => {
    const respond = additionTeacher(0)
    const key = 'sk-secret-of-the-test'
    const azure = await startTeacherServer({ respond, key })
    const baseUrl = azure.baseUrl.replace('/v1', path)
    expect(await run({ respond }, { baseUrl, ...options }, 1)).toMatchObject({ kept: 1 })
    expect(azure.requests[0]?.url).toBe(
      `/openai/deployments/${deployment}/chat/completions?api-version=2024-10-21`,
    )
    expect(azure.requests[0]?.headers['api-key']).toBe(key)
    await azure.close()
  })

  it('sends what stands behind a question mark in the address, and shows no password in it', async () => {
    const respond = additionTeacher(0)
    const own = await startTeacherServer({ respond })
    const baseUrl = `${own.baseUrl.replace('//', '//me:pass-word@')}/?tenant=a`
    await run({ respond }, { baseUrl }, 1)
    expect(own.requests[0]?.url).toBe('/v1/chat/completions?tenant=a')
    const basic = Buffer.from('me:pass-word').toString('base64')
    expect(own.requests[0]?.headers.authorization).toBe(`Basic ${basic}`)
    await own.close()
    const failure = run(
      { respond },
      { baseUrl, maxRetries: 0, out: join(folder, 'other.jsonl'), cache: join(folder, 'x') },
      1,
    )
    await expect(failure).rejects.toMatchObject({
      code: 'RC_TEACHER_UNREACHABLE',
      message: expect.not.stringContaining('pass-word'),
    })
  })

  it.each([true, false])(
    'counts tokens by characters where the server does not, streaming %s',
    async (stream) => {
      const summary = await run({ respond: additionTeacher(0), usage: false }, { stream }, 1)
      expect(summary.spent?.inputTokens).toBeGreaterThan(300)
      expect(summary.spent?.outputTokens).toBeGreaterThan(30)
    },
  )

  it('makes a call again that is never at its end', async () => {
    const solve = additionTeacher(0)
    let first = true
    const respond: TeacherServerOptions['respond'] = (asked) => {
      const drip = first
      first = false
      return drip ? { text: 'x'.repeat(4000), dripMs: 20 } : solve(asked)
    }
    const summary = await run({ respond }, { timeoutMs: 300 }, 1)
    expect(summary.kept).toBe(1)
  })

  it('waits for a reply that is not streamed longer than for a silent stream', async () => {
    const slow = { respond: additionTeacher(0), latencyMs: 400 }
    const summary = await run(slow, { stream: false, stallTimeoutMs: 100, maxRetries: 0 }, 1)
    expect(summary.kept).toBe(1)
    const other = { stallTimeoutMs: 100, maxRetries: 0, out: join(folder, 'other.jsonl') }
    await server?.close()
    await expect(run(slow, { ...other, cache: join(folder, 'other') }, 1)).rejects.toMatchObject({
      code: 'RC_TEACHER_UNREACHABLE',
      message: expect.stringContaining('silent for too long'),
    })
  })

  it('writes the limit as newer models want it', async () => {
    const respond = additionTeacher(0)
    const summary = await run(
      {
        respond: (asked) =>
          'max_tokens' in asked
            ? {
                status: 400,
                error: {
                  message: "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'.",
                },
              }
            : respond(asked),
      },
      {},
      2,
    )
    expect(summary.kept).toBe(2)
  })

  it('sets sampling for each stage', async () => {
    const sampling = { temperature: 0.9, maxTokens: 500, answerTemperature: 0, answerMaxTokens: 99 }
    await run({ respond: additionTeacher(0) }, sampling, 1)
    const bodies = server?.requests.map(({ body }) => [body.temperature, body.max_tokens])
    expect(bodies).toEqual([
      [0.9, 500],
      [0.9, 500],
      [0, 99],
    ])
  })
})

describe('other domains and languages', () => {
  const write = async (record: Record<string, unknown>) => {
    const instructions = join(folder, 'own.jsonl')
    await writeFile(instructions, `${JSON.stringify(record)}\n`)
    return { instructions }
  }
  const speak = (program: string, answer: string): TeacherServerOptions['respond'] => {
    return ({ messages }) => {
      if (messages.at(-1)?.content.includes('for the first time')) return { text: answer }
      return { text: messages.length === 2 ? `I compute it.\n${program}` : 'That is plausible.' }
    }
  }

  it('keeps a word problem whose program prints the answer that came with it', async () => {
    const problem = { instruction: 'Ann has 3 boxes of 14 pens. How many pens?', answer: '#### 42' }
    const program = '```python\nboxes = 3\nprint(boxes * 14)\n```'
    const settings = { ...(await write(problem)), domain: 'math' }
    const summary = await run({ respond: speak(program, program) }, settings)
    expect(summary).toMatchObject({ kept: 1, rounds: { 1: 1 } })
    const [dialog] = await readAll()
    expect(dialog?.messages[1]?.content[2]).toEqual({ type: 'execution', content: '42\n' })
    expect(dialog?.messages[2]?.content[0]?.content).toContain('program that prints the answer')
  })

  it('builds and runs programs of another language', async () => {
    const solution = 'twice() {\n  echo $(( $1 * 2 ))\n}'
    const program = `\`\`\`bash\n${solution}\n# --- tests ---\n[ "$(twice 4)" = 8 ] || exit 1\n\`\`\``
    const settings = { ...(await write({ instruction: 'Write twice.' })), language: 'bash' }
    const respond = speak(program, `\`\`\`bash\n${solution}\n\`\`\``)
    expect(await run({ respond }, settings)).toMatchObject({ kept: 1 })
    expect(server?.requests[0]?.body.messages[0]?.content).toContain('`# --- tests ---`')
    expect((await readAll())[0]?.meta).toEqual({ language: 'bash', outcomes: ['ok'] })
  })
})

describe('an endpoint that cannot be used', () => {
  it('names a wrong key without showing it', async () => {
    process.env.TEST_TEACHER_KEY = 'sk-wrong-but-still-secret'
    const failure = run({ respond: additionTeacher(), key: 'sk-right' })
    await expect(failure).rejects.toMatchObject({ code: 'RC_TEACHER_KEY_REFUSED', status: 2 })
    const error = (await failure.catch((caught: unknown) => caught)) as Error
    expect(`${error.message} ${error.stack} ${(error.cause as Error).stack}`).not.toContain(
      'still-secret',
    )
    expect(error.message).toContain('[key]')
    const left = await readdir(folder, { recursive: true })
    for (const name of left.filter((entry) => /\./.test(entry))) {
      const text = await readFile(join(folder, name)).catch(() => '')
      expect(text.includes('still-secret')).toBe(false)
    }
  })

  it('shows no secret of the address that a server repeats', async () => {
    const secret = 's3cr+t/of the=query'
    const respond = (_: AskedChat, path: string) => ({
      status: 400,
      error: { message: `cannot serve ${path} for ${secret}` },
    })
    const own = await startTeacherServer({ respond })
    const baseUrl = `${own.baseUrl}?sig=${encodeURIComponent(secret)}&tenant=a`
    const error = (await run({ respond }, { baseUrl }, 1).catch((caught) => caught)) as Error
    await own.close()
    expect(error).toMatchObject({ code: 'RC_TEACHER_BAD_REQUEST' })
    expect(error.message).toMatch(/chat\/completions\?sig=\[key\]&tenant=a for \[key\]$/)
    expect(`${error.stack} ${(error.cause as Error).stack}`).not.toMatch(/s3cr/)
    const wrong = run({ respond }, { baseUrl: `host:1/v1?sig=${secret}` }, 1)
    await expect(wrong).rejects.toMatchObject({ message: expect.not.stringContaining('s3cr') })
  })

  it.each([
    ['endpoint:m', { stream: true }, 200],
    ['endpoint:m', { stream: false }, 200],
    ['completions:m', {}, 200],
    ['endpoint:m', {}, 404],
  ])('says that a web page is none: %s, %o, status %i', async (teacher, options, status) => {
    const web = createServer((_, response) => {
      response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8' })
      response.end('<!DOCTYPE html><html><body>Welcome!</body></html>')
    })
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    const baseUrl = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
    const failure = run({ respond: right }, { teacher, baseUrl, ...options }, 1)
    await expect(failure).rejects.toMatchObject({
      code: 'RC_TEACHER_NO_ENDPOINT',
      status: 2,
      message: expect.stringContaining(`${baseUrl} is no completions endpoint`),
      hint: expect.stringContaining(`${baseUrl}/v1`),
    })
    await new Promise((resolve) => web.close(resolve))
  })

  it('bears a page that stands before an endpoint for a while', async () => {
    let calls = 0
    const behind = await startTeacherServer({ respond: right })
    const front = createServer(async (request, response) => {
      calls += 1
      if (calls === 2) {
        request.resume()
        response.writeHead(200, { 'Content-Type': 'text/html' })
        response.end('<html>Back soon</html>')
        return
      }
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const address = `${behind.baseUrl}/chat/completions`
      const answer = await fetch(address, { method: 'POST', body: Buffer.concat(chunks) })
      response.writeHead(200, { 'Content-Type': answer.headers.get('content-type') ?? '' })
      response.end(Buffer.from(await answer.arrayBuffer()))
    })
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
    const baseUrl = `http://127.0.0.1:${(front.address() as AddressInfo).port}`
    expect(await run({ respond: right }, { baseUrl, concurrency: 1 }, 1)).toMatchObject({ kept: 1 })
    expect(calls).toBe(4)
    await behind.close()
    front.closeAllConnections()
    await new Promise((resolve) => front.close(resolve))
  })

  it('names a model that is not there', async () => {
    const respond = () => ({ status: 404, error: { message: 'The model does not exist.' } })
    await expect(run({ respond })).rejects.toMatchObject({
      code: 'RC_TEACHER_NOT_FOUND',
      message: expect.stringContaining('test-model'),
    })
  })

  it('gives up on an address where nobody listens', async () => {
    const gone = await startTeacherServer({ respond: additionTeacher() })
    await gone.close()
    const failure = run({ respond: additionTeacher() }, { baseUrl: gone.baseUrl, maxRetries: 1 })
    await expect(failure).rejects.toMatchObject({
      code: 'RC_TEACHER_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('asks for a key where the public endpoint is meant', async () => {
    delete process.env.TEST_TEACHER_KEY
    await expect(run({ respond: additionTeacher() }, { baseUrl: undefined })).rejects.toMatchObject(
      { code: 'RC_NO_API_KEY' },
    )
    await expect(run({ respond: additionTeacher() }, { baseUrl: 'host:1' })).rejects.toMatchObject({
      code: 'RC_BAD_BASE_URL',
    })
  })
})

const right = additionTeacher(0)

describe('replies that cannot be used', () => {
  const cases: { name: string; reason: string; respond: TeacherServerOptions['respond'] }[] = [
    { name: 'a refusal', reason: 'refused', respond: () => ({ refusal: 'No.' }) },
    {
      name: 'a refusal in words',
      reason: 'refused',
      respond: () => ({ text: "I'm sorry, but I can't help with that." }),
    },
    {
      name: 'a content filter',
      reason: 'refused',
      respond: () => ({ text: 'x', finish: 'content_filter' }),
    },
    {
      name: 'a filter as an error',
      reason: 'refused',
      respond: () => ({
        status: 400,
        error: { message: 'content management policy', code: 'content_filter' },
      }),
    },
    {
      name: 'a context that is too small',
      reason: 'too-long',
      respond: () => ({
        status: 400,
        error: { message: 'maximum context length is 10', code: 'context_length_exceeded' },
      }),
    },
    { name: 'an empty reply', reason: 'empty-reply', respond: () => ({ text: '' }) },
    {
      name: 'an endless reply',
      reason: 'endless-reply',
      respond: () => ({ text: 'again '.repeat(4000) }),
    },
    {
      name: 'a reply that was cut off',
      reason: 'cut-off',
      respond: () => ({ text: 'I think', finish: 'length' }),
    },
    {
      name: 'a fence that was cut off',
      reason: 'cut-off',
      respond: () => ({ text: '```python\nx = ', finish: 'length' }),
    },
    { name: 'prose alone', reason: 'no-program', respond: () => ({ text: 'Use addition.' }) },
    {
      name: 'a fence of another language',
      reason: 'no-program',
      respond: () => ({ text: '```java\nint x;\n```' }),
    },
    {
      name: 'special tokens',
      reason: 'special-tokens',
      respond: () => ({ text: 'Now <|code|>x = 1<|endofblock|>' }),
    },
    {
      name: 'an answer in several fences',
      reason: 'answer-in-several-fences',
      respond: answering('```python\nx = 1\n```\nand\n```python\ny = 1\n```'),
    },
    {
      name: 'an answer whose fence is open',
      reason: 'answer-fence-not-closed',
      respond: answering('```python\nx = 1'),
    },
    {
      name: 'an answer in prose',
      reason: 'answer-without-code',
      respond: answering('Add the number.'),
    },
    {
      name: 'an answer in another language',
      reason: 'answer-in-other-language',
      respond: answering('```rust\nfn main() {}\n```'),
    },
    {
      name: 'an answer that fails',
      reason: 'answer-fails',
      respond: answering('```python\nimport no_such_module\n```'),
    },
    {
      name: 'an answer that fails the tests',
      reason: 'answer-fails-own-tests',
      respond: answering('```python\ndef add_N(x):\n    return x\n```'),
    },
    {
      name: 'an answer that looks back',
      reason: 'answer-mentions-reflection',
      respond: answering(
        '```python\n# fixed the bug of the previous attempt\ndef add_N(x):\n    return x + 11\n```',
      ),
    },
  ]
  it('are dropped, each for its reason', async () => {
    const respond: TeacherServerOptions['respond'] = (asked, path) => {
      const known = cases[numberOf(asked) - 11]
      return known ? known.respond(asked, path) : { text: '' }
    }
    const summary = await run({ respond }, { maxTokens: 300, keepDropped: true }, cases.length)
    expect(summary.kept).toBe(0)
    const aside = await readFile(join(folder, 'dialogs.jsonl.dropped.jsonl'), 'utf8')
    const records = aside
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; reason: string })
    const found = records.map(({ id, reason }) => [cases[Number(id.slice(6)) - 1]?.name, reason])
    expect(found).toEqual(cases.map(({ name, reason }) => [name, reason]))
  })

  it('takes an answer without a fence when it is a program', async () => {
    const summary = await run({ respond: answering('def add_11(x):\n    return x + 11') }, {}, 1)
    expect(summary.kept).toBe(1)
  })

  it('runs a fence that is not closed at the end of a whole reply', async () => {
    const summary = await run(
      {
        respond: (asked) => {
          const said = right(asked)
          return asked.messages.length === 2
            ? { text: said.text?.replace(/\n```$/, '') ?? '' }
            : said
        },
      },
      {},
      1,
    )
    expect(summary.kept).toBe(1)
  })

  it('runs the first of several fences and forgets what was said unseen', async () => {
    const respond: TeacherServerOptions['respond'] = (asked) => {
      const said = right(asked)
      if (asked.messages.length !== 2) return said
      return { text: `${said.text}\n\nOutput:\n\`\`\`\n42\n\`\`\`\nIt works.` }
    }
    const summary = await run({ respond }, {}, 1)
    expect(summary.kept).toBe(1)
    expect(await readFile(join(folder, 'dialogs.jsonl'), 'utf8')).not.toContain('It works')
  })

  it('asks again for a tool call with broken JSON, and drops when it stays broken', async () => {
    let broken = 1
    const respond: TeacherServerOptions['respond'] = (asked) => {
      const said = right(asked)
      if (said.toolCall && broken-- > 0) said.toolCall.arguments = '{"code": "x'
      return said
    }
    const summary = await run({ respond }, { protocol: 'tools', concurrency: 1 }, 1)
    expect(summary.kept).toBe(1)
    // Roles take turns, nobody is sent a call that cannot be read, and in the end it is forgotten.
    const asked = server?.requests.map(({ body }) => body.messages) ?? []
    expect(asked[1]?.map(({ role }) => role)).toEqual(['system', 'user'])
    expect(asked[1]?.[1]?.content).toContain('The arguments of your call are not JSON')
    expect(JSON.stringify(asked.at(-1))).not.toContain('are not JSON')
    await server?.close()
    broken = 100
    const other = await run(
      { respond },
      { protocol: 'tools', out: join(folder, 'other.jsonl'), cache: join(folder, 'other') },
      1,
    )
    expect(other.dropped).toEqual({ 'broken-tool-call': 1 })
  })
})

function answering(text: string): TeacherServerOptions['respond'] {
  return (asked) => {
    const last = asked.messages.at(-1)?.content ?? ''
    if (!last.includes('as if it were asked for the first time')) return right(asked)
    return { text: text.replace('add_N', `add_${numberOf(asked)}`) }
  }
}

const numberOf = ({ messages }: AskedChat) =>
  Number(/add_(\d+)\(x\)/.exec(messages[1]?.content ?? '')?.[1])
