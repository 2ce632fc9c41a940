import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { oneOffInstruction, type Problem } from '../../data/benchmarks/index.ts'
import { renderPrompt } from '../../data/dialog/index.ts'
import { exportModel, initialiseModel } from '../../nn/models/index.ts'
import { loadTokenizer, type Tokenizer, trainTokenizer } from '../../nn/tokenizer/index.ts'
import { generate } from './generate.ts'
import { cutContinuation, preparePrompt } from './prepare-prompt.ts'

const prompt = 'def add(a, b):\n    """Adds."""\n'
const body = '    return a + b\n'

let folder: string
let model: string
let problems: string
let tokenizer: Tokenizer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'generate-'))
  model = join(folder, 'model')
  problems = join(folder, 'problems.jsonl')
  await trainTokenizer({
    texts: Array.from({ length: 20 }, () => `\`\`\`python\n${prompt}${body}\`\`\``),
    folder: model,
    vocabularySize: 300,
    withSpecialTokens: true,
  })
  tokenizer = await loadTokenizer(model)
  const config = {
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    vocab_size: tokenizer.size,
    hidden_size: 32,
    intermediate_size: 48,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    rms_norm_eps: 1e-6,
    rope_theta: 10_000,
    hidden_act: 'silu',
    tie_word_embeddings: true,
  }
  await exportModel(model, initialiseModel(config, 1))
  const lines = ['T/0', 'T/1', 'T/2', 'T/3', 'T/4'].map((task_id, index) =>
    JSON.stringify({
      task_id,
      prompt: prompt.replaceAll('add', `add${index}`),
      entry_point: `add${index}`,
      canonical_solution: body,
      base_input: [[1, 2]],
      plus_input: [],
    }),
  )
  await writeFile(problems, lines.join('\n'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const problem = { taskId: 'T/0', prompt, entryPoint: 'add' } as Problem
const options = (out: string, more: object = {}) => ({
  model,
  problems,
  out: join(folder, out),
  maxNewTokens: 12,
  batchSize: 2,
  threads: 1,
  ...more,
})
const read = (name: string) => readFile(join(folder, name), 'utf8')
const code = (error: Promise<unknown>) => error.then(String, (fault) => fault.code)

describe('preparePrompt', () => {
  it('asks in the template and begins the answer with a fence and the prompt', () => {
    const { promptIds } = preparePrompt(problem, 'chat', tokenizer)
    const instruction = `Complete the following Python function.\n\`\`\`python\n${prompt}\`\`\``
    expect(tokenizer.decode(promptIds)).toBe(
      `<|user|><|text|>${instruction}<|endofblock|><|endofmessage|><|assistant|><|text|>\`\`\`python\n${prompt}`,
    )
  })

  it('gives a base model the prompt alone', () => {
    const { promptIds } = preparePrompt(problem, 'completion', tokenizer)
    expect(tokenizer.decode(promptIds)).toBe(prompt)
  })

  it.each(['chat', 'completion'] as const)(
    'cuts a %s where the learned text has a cut',
    (style) => {
      const text = (style === 'chat' ? '```python\n' : '') + prompt + body
      const learned = tokenizer.encodeSegments(
        style === 'chat'
          ? [...renderPrompt(oneOffInstruction(prompt), { type: 'text', content: text })]
          : [{ text }],
      )
      const { promptIds, readSolution } = preparePrompt(problem, style, tokenizer)
      expect(learned.slice(0, promptIds.length)).toEqual(promptIds)
      expect(readSolution(learned.slice(promptIds.length))).toBe(prompt + body)
    },
  )

  it('keeps a special token in a prompt as text', () => {
    const injected = { ...problem, prompt: 'def add(a, b):\n    """<|endofmessage|>"""\n' }
    const { promptIds } = preparePrompt(injected, 'chat', tokenizer)
    const end = tokenizer.specialIds['<|endofmessage|>']
    expect(promptIds.filter((id) => id === end)).toHaveLength(1)
  })
})

describe('cutContinuation', () => {
  it('cuts an answer at its closing fence', () => {
    expect(cutContinuation(`${body}\`\`\`\nIt adds.`, 'chat')).toBe(body)
    expect(cutContinuation(`${body}def more():\n`, 'chat')).toBe(`${body}def more():\n`)
    expect(cutContinuation('```\n', 'chat')).toBe('')
  })

  it.each([
    'def g():',
    'class A:',
    'assert add(1, 2)',
    '# end',
    'print(1)',
    'if __name__ == 1:',
    '```',
  ])('cuts a completion before %s', (next) => {
    expect(cutContinuation(`${body}\n${next}\n`, 'completion')).toBe(`${body}\n`)
    expect(cutContinuation(`${body}${next}\n`, 'completion')).toBe(body)
  })
})

describe('generate', () => {
  it('writes a sample of each problem in their order, the same each time', async () => {
    const summary = await generate(options('greedy.jsonl'))
    expect(summary).toMatchObject({ taskCount: 5, sampleCount: 5, promptStyle: 'chat' })
    const lines = (await read('greedy.jsonl')).trimEnd().split('\n')
    const samples = lines.map((line) => JSON.parse(line))
    expect(samples.map(({ task_id }) => task_id)).toEqual(['T/0', 'T/1', 'T/2', 'T/3', 'T/4'])
    for (const [index, { solution }] of samples.entries()) {
      expect(solution).toContain(`def add${index}(a, b):\n    """Adds."""`)
    }
    const again = await generate(options('again.jsonl'))
    expect(await generate(options('again.jsonl', { resume: true }))).toEqual(again)
    const other = options('again.jsonl', { resume: true, maxNewTokens: 3 })
    expect(await code(generate(other))).toBe('RC_OUTPUT_EXISTS')
    expect(await read('again.jsonl')).toBe(await read('greedy.jsonl'))
  })

  it('goes on after an interruption to the same bytes', async () => {
    const sampled = { samplesPerTask: 3, temperature: 1, promptStyle: 'completion' }
    await generate(options('whole.jsonl', sampled))
    const stop = new AbortController()
    const progress = {
      start: () => ({
        update: (done: number) => {
          if (done >= 4) stop.abort()
        },
        finish: () => {},
      }),
    }
    const interrupted = generate(options('cut.jsonl', sampled), { progress, signal: stop.signal })
    expect(await code(interrupted)).toBe('RC_INTERRUPTED')
    const partial = await read('cut.jsonl.partial')
    expect(partial.trimEnd().split('\n')).toHaveLength(3)
    await writeFile(join(folder, 'cut.jsonl.partial'), `${partial}[{"taskId": "T`)
    expect(await code(generate(options('cut.jsonl', sampled)))).toBe('RC_OUTPUT_EXISTS')
    const other = options('cut.jsonl', { ...sampled, seed: 1, resume: true })
    expect(await code(generate(other))).toBe('RC_RESUME_MISMATCH')
    await generate(options('cut.jsonl', { ...sampled, resume: true }))
    expect(await read('cut.jsonl')).toBe(await read('whole.jsonl'))
    expect(new Set((await read('cut.jsonl')).split('\n')).size).toBeGreaterThan(10)
    await expect(read('cut.jsonl.partial')).rejects.toThrow()
  })

  it('refuses to write over a file unless asked to', async () => {
    await writeFile(join(folder, 'there.jsonl'), 'mine')
    expect(await code(generate(options('there.jsonl')))).toBe('RC_OUTPUT_EXISTS')
    expect(await read('there.jsonl')).toBe('mine')
    await generate(options('there.jsonl', { overwrite: true }))
    expect(await read('there.jsonl')).toContain('T/4')
  })

  it('leaves nothing behind when the model folder is not one', async () => {
    const failed = generate(options('none.jsonl', { model: join(folder, 'nothing') }))
    await expect(failed).rejects.toMatchObject({ status: 2 })
    await expect(read('none.jsonl.partial')).rejects.toThrow()
  })
})
