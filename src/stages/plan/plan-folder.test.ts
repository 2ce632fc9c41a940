import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hashFile, lockFolder, parseOptions, silentProgress } from '../../core/index.ts'
import type { Dialog } from '../../data/dialog/index.ts'
import { openSafetensors } from '../../nn/weights/index.ts'
import { createTinyTokenizer } from './__fixtures__/tiny-tokenizer.ts'
import {
  forecast,
  formatOrigin,
  inspectSample,
  type PlannedStep,
  type PlanOptions,
  planFiles,
  planOptionsSchema,
  readPlan,
  writePlan,
} from './index.ts'

const tokenizer = createTinyTokenizer()
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rc-plan-'))
  await writeData(
    'reflections.jsonl',
    Array.from({ length: 13 }, (_, index) => reflection(index)),
  )
  await writeData(
    'plain.jsonl',
    Array.from({ length: 5 }, (_, index) => plain(index)),
  )
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const path = (name: string) => join(folder, name)
const text = (content: string) => ({ type: 'text' as const, content })

function reflection(index: number): Dialog {
  return {
    id: `r${index}`,
    type: 'reflection',
    messages: [
      { role: 'user', content: [text(`Write f${'x'.repeat(index % 5)}.`)] },
      {
        role: 'assistant',
        content: [
          text('Try.'),
          { type: 'code', content: 'print(1)' },
          { type: 'execution', content: '1' },
          text('Good.'),
        ],
      },
      { role: 'user', content: [text('Again.')] },
      { role: 'assistant', content: [text('```python\nprint(1)\n```')] },
    ],
  }
}

function plain(index: number): Dialog {
  return {
    type: 'generation',
    messages: [
      { role: 'user', content: [text(`Question ${index}`)] },
      { role: 'assistant', content: [text('Answer')] },
    ],
  }
}

async function writeData(name: string, records: readonly unknown[]): Promise<string> {
  await writeFile(path(name), records.map((record) => `${JSON.stringify(record)}\n`).join(''))
  return path(name)
}

function optionsWith(changes: Partial<PlanOptions> = {}): PlanOptions {
  const data = [path('reflections.jsonl'), path('plain.jsonl'), path('reflections.jsonl')]
  const required = { data, model: 'models/any', out: path('plan') }
  return { ...planOptionsSchema.parse(required), sequencesPerStep: 8, ...changes }
}

const write = (changes: Partial<PlanOptions> = {}, context = {}) =>
  writePlan(optionsWith(changes), tokenizer, 'config-hash', context)

async function stepsOf(plan: { steps(from?: number): AsyncIterable<PlannedStep> }, from?: number) {
  const steps: PlannedStep[] = []
  for await (const step of plan.steps(from)) steps.push(step)
  return steps
}

async function bytesOf(out: string): Promise<Record<string, string>> {
  const names = (await readdir(out)).sort()
  const hashes = await Promise.all(names.map((name) => hashFile(join(out, name))))
  return Object.fromEntries(names.map((name, index) => [name, hashes[index]!]))
}

describe('a plan folder', () => {
  test('holds every sample of every listed file once a pass', async () => {
    const summary = await write()
    const plan = await readPlan(path('plan'))
    const steps = await stepsOf(plan)
    expect(steps.map(({ step, epoch }) => [step, epoch])).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((step) => [step, Math.floor(step / 4)]),
    )
    for (const epoch of [0, 1]) {
      const seen = steps
        .filter((step) => step.epoch === epoch)
        .flatMap(({ microBatches }) => microBatches)
        .flatMap(({ dataset, rows }) =>
          rows.filter(({ view }) => view !== 'student').map(({ sample }) => [dataset, sample]),
        )
      const due = [0, 1, 2].flatMap((dataset) =>
        Array.from({ length: dataset === 1 ? 5 : 13 }, (_, index) => [
          dataset,
          (dataset === 1 ? 13 : 0) + index,
        ]),
      )
      expect(seen.map(String).sort()).toEqual(due.map(String).sort())
    }
    expect(summary.counts).toMatchObject({ samples: 18, dropped: 0, steps: 8, microBatches: 62 })
    expect(summary.counts.rows).toBe(2 * (4 * 13 + 5))
    expect(plan.manifest.data.map(({ samples, plain }) => [samples, plain])).toEqual([
      [13, 0],
      [5, 5],
      [13, 0],
    ])
  })

  test('counts what its steps hold', async () => {
    const { counts } = await write({ mask: ['random-token', 'all', 'none'] })
    const plan = await readPlan(path('plan'))
    const rows = (await stepsOf(plan)).flatMap(({ microBatches }) =>
      microBatches.flatMap((batch) => batch.rows),
    )
    const width = (spans: [number, number][]) =>
      spans.reduce((sum, [start, end]) => sum + end - start, 0)
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
    expect(counts).toMatchObject({
      rows: rows.length,
      tokens: sum(rows.map(({ sample }) => plan.sampleTokens(sample).length)),
      tokensKept: sum(rows.map(({ spans }) => width(spans))),
      labelPositions: sum(rows.map(({ labels }) => width(labels))),
      distillPositions: sum(
        rows.map(({ view, distill }) => (view === 'student' ? distill![1] - distill![0] : 0)),
      ),
    })
    expect(counts.tokensKept).toBeLessThan(counts.tokens)
  })

  test('hides by the mask rate of its own step and says the rate of learning', async () => {
    await write({ mask: ['sequential-token'], warmupRatio: 0.25 })
    const plan = await readPlan(path('plan'))
    const steps = await stepsOf(plan)
    expect(steps.map(({ maskRate }) => maskRate)).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((k) => k / 8),
    )
    expect(steps.slice(0, 3).map(({ learningRate }) => learningRate)).toEqual([0, 2.5e-5, 5e-5])
    for (const { maskRate, microBatches } of steps) {
      const students = microBatches.flatMap(({ rows }) => rows.filter((r) => r.view === 'student'))
      for (const { sample, spans } of students) {
        const ids = plan.sampleTokens(sample)
        const start = ids.indexOf(3) + 1
        const end = ids.indexOf(8, start)
        const hidden = Math.ceil((end - start) * maskRate)
        expect(spans).toEqual(
          maskRate === 1
            ? [[end + 1, ids.length]]
            : [
                [start + hidden, end],
                [end + 1, ids.length],
              ],
        )
      }
    }
  })

  test('keeps the ids of the samples, readable by any safetensors library', async () => {
    await write()
    const plan = await readPlan(path('plan'))
    const file = await openSafetensors(join(path('plan'), planFiles.tokens))
    const offsets = await file.readInt64('offsets')
    expect(offsets).toHaveLength(19)
    expect(file.tensors.get('tokens')).toMatchObject({ dtype: 'I32', shape: [Number(offsets[18])] })
    await file.close()
    const ids = [...plan.sampleTokens(13)]
    expect([ids[0], ids[1], ids[2], ids.at(-2), ids.at(-1)]).toEqual([0, 2, 4, 8, 1])
    expect(String.fromCodePoint(...ids.slice(3, 13).map((id) => id - 10))).toBe('Question 0')
    expect(() => plan.sampleTokens(18)).toThrow('the plan has 18 samples, no sample 18')
  })

  test('is read from any step on', async () => {
    await write()
    const plan = await readPlan(path('plan'))
    expect(await stepsOf(plan, 5)).toEqual((await stepsOf(plan)).slice(5))
    expect(await stepsOf(plan, 8)).toEqual([])
  })
})

describe('equal input gives equal bytes', () => {
  test('whatever was in the folder and however the tokens were chunked', async () => {
    await write({ mask: ['random-block', 'random-token'] })
    await write({ mask: ['random-block', 'random-token'], out: path('b') }, { chunkTokens: 1 })
    await write({ mask: ['all'], out: path('c') })
    await write({ mask: ['random-block', 'random-token'], out: path('c'), overwrite: true })
    const bytes = await bytesOf(path('plan'))
    expect(Object.keys(bytes)).toEqual(Object.values(planFiles).sort())
    expect(await bytesOf(path('b'))).toEqual(bytes)
    expect(await bytesOf(path('c'))).toEqual(bytes)
  })

  test('but another seed gives another order', async () => {
    await write()
    await write({ out: path('b'), seed: 1 })
    expect(await hashFile(join(path('plan'), planFiles.steps))).not.toBe(
      await hashFile(join(path('b'), planFiles.steps)),
    )
  })

  test('after a process was killed at work, which leaves no plan or a whole one', async () => {
    const records = Array.from({ length: 1500 }, (_, index) => reflection(index))
    const data = await writeData('many.jsonl', records)
    const changes = { data: [data], model: 'm', sequencesPerStep: 4 }
    await writePlan(optionsWith({ ...changes, out: path('whole') }), tokenizer, 'x')
    const bytes = await bytesOf(path('whole'))
    const script = fileURLToPath(new URL('./__fixtures__/write-plan-slowly.ts', import.meta.url))
    for (const delayMs of [5, 40, 150]) {
      const out = path(`killed-${delayMs}`)
      const arguments_ = ['--import', 'tsx', script, data, out]
      const child = spawn(process.execPath, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] })
      const ended = once(child, 'exit')
      await once(child.stdout!, 'data')
      await new Promise((resolve) => setTimeout(resolve, delayMs))
      child.kill('SIGKILL')
      await ended
      if (existsSync(join(out, planFiles.manifest))) await readPlan(out)
      const options = optionsWith({ ...changes, out, overwrite: true })
      await writePlan(options, tokenizer, 'x')
      expect(await bytesOf(out)).toEqual(bytes)
    }
  })
})

describe('samples', () => {
  test('longer than the limit are dropped and counted, those of the limit are kept', async () => {
    const lengths = Array.from({ length: 5 }, (_, index) => 27 + index + 6)
    const limit = lengths[2]!
    const records = lengths.map((_, index) => ({
      type: 'generation',
      messages: [
        { role: 'user', content: [text('q')] },
        { role: 'assistant', content: [text('a'.repeat(22 + index))] },
      ],
    }))
    const data = [await writeData('lengths.jsonl', records)]
    const { counts, data: reported } = await write({ data, maxLength: limit })
    const plan = await readPlan(path('plan'))
    const kept = Array.from({ length: counts.samples }, (_, i) => plan.sampleTokens(i).length)
    expect(Math.max(...kept)).toBe(limit)
    expect(reported[0]).toMatchObject({ samples: kept.length, dropped: 5 - kept.length })
    expect(counts.dropped).toBe(5 - kept.length)
    expect(kept.length).toBeLessThan(5)
  })

  test('that spell a special token are tokenised as text and counted', async () => {
    const record = plain(0)
    record.messages[0]!.content[0]!.content = 'What does <|execution|> mean?'
    const { data } = await write({ data: [await writeData('spelled.jsonl', [record, plain(1)])] })
    expect(data[0]).toMatchObject({ samples: 2, spelledTokens: 1 })
    const plan = await readPlan(path('plan'))
    expect(plan.sampleTokens(0).includes(6)).toBe(false)
  })

  test('come from plain instruction data too', async () => {
    const records = [
      { query: 'Add 1 &amp; 2', answer: '3' },
      { query: 'Nothing', answer: '' },
    ]
    const { data } = await write({ data: [await writeData('feedback.jsonl', records)] })
    expect(data[0]).toMatchObject({ samples: 1, plain: 1, unanswered: 1 })
    const chat = [
      {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: 'b' },
        ],
      },
    ]
    const chats = await writeData('chat.jsonl', chat)
    expect((await write({ data: [chats], out: path('b') })).data[0]).toMatchObject({ plain: 1 })
  })
})

describe('held-out samples', () => {
  test('are planned apart, each a micro-batch, at a mask rate of their own', async () => {
    const data = [path('reflections.jsonl')]
    const options = { data, mask: ['sequential-token' as const], validation: [path('plain.jsonl')] }
    await writeData('held.jsonl', [reflection(20), plain(20), reflection(21)])
    options.validation = [path('held.jsonl'), path('plain.jsonl')]
    const summary = await write({ ...options, validationMaskRate: 0.5 })
    const plan = await readPlan(path('plan'))
    const planned = []
    for await (const microBatch of plan.validation()) planned.push(microBatch)
    expect(planned.map(({ dataset, rows }) => [dataset, rows.map(({ sample }) => sample)])).toEqual(
      [[0, [13, 13]], [0, [14]], [0, [15, 15]], ...[16, 17, 18, 19, 20].map((n) => [1, [n]])],
    )
    const [teacher, student] = planned[0]!.rows
    const width = (spans: [number, number][]) =>
      spans.reduce((total, [start, end]) => total + end - start, 0)
    const targets = width(teacher!.labels) + width(student!.labels)
    expect(planned[0]!.crossEntropyScale).toBeCloseTo(1 / targets / 8, 12)
    const ids = plan.sampleTokens(13)
    const start = ids.indexOf(3) + 1
    const end = ids.indexOf(8, start)
    const hidden = Math.ceil((end - start) / 2)
    expect(student!.spans).toEqual([
      [start + hidden, end],
      [end + 1, ids.length],
    ])
    expect(summary.validation).toMatchObject({
      maskRate: 0.5,
      counts: { samples: 8, dropped: 0, microBatches: 8, rows: 10 },
    })
    expect(summary.counts).toMatchObject({ samples: 13, microBatches: 26 })
    const trained = await stepsOf(plan)
    const samples = trained.flatMap(({ microBatches }) =>
      microBatches.flatMap(({ rows }) => rows.map(({ sample }) => sample)),
    )
    expect(Math.max(...samples)).toBe(12)
  })

  test('may not be trained on', async () => {
    const options = { validation: [path('plain.jsonl')] }
    await expect(write(options)).rejects.toMatchObject({ code: 'RC_BAD_OPTION', status: 2 })
    expect(existsSync(path('plan'))).toBe(false)
  })

  test('are named by file, line and id, as the others are', async () => {
    await writeFile(path('gaps.jsonl'), `\n${JSON.stringify(plain(0))}\n`)
    await write({ data: [path('reflections.jsonl')], validation: [path('gaps.jsonl')] })
    const plan = await readPlan(path('plan'))
    const [first, last] = await plan.origins([2, 13])
    expect(first).toEqual({ file: path('reflections.jsonl'), line: 3, id: 'r2' })
    expect(last).toEqual({ file: path('gaps.jsonl'), line: 2 })
    expect(formatOrigin(first!)).toBe(`r2 (line 3 of ${path('reflections.jsonl')})`)
    expect(formatOrigin(last!)).toBe(`line 2 of ${path('gaps.jsonl')}`)
  })
})

describe('bad input', () => {
  const failure = (changes: Partial<PlanOptions>, context = {}) =>
    write(changes, context).then(
      () => undefined,
      (error) => error,
    )

  test('an empty file is refused by name and nothing is left behind', async () => {
    const empty = await writeData('empty.jsonl', [])
    const error = await failure({ data: [path('plain.jsonl'), empty] })
    expect(error).toMatchObject({ code: 'RC_EMPTY_DATA', status: 2 })
    expect(error.message).toBe(`${empty} holds no samples`)
    expect(existsSync(path('plan'))).toBe(false)
  })

  test('a file whose samples are all too long is refused with the length that would do', async () => {
    const error = await failure({ data: [path('plain.jsonl')], maxLength: 10 })
    expect(error).toMatchObject({ code: 'RC_ALL_DROPPED', status: 2 })
    expect(error.message).toContain('all 5 samples of')
    expect(error.message).toContain('are longer than 10 tokens; the shortest has 26')
    expect(error.hint).toBe('Raise --max-length to at least 26.')
  })

  test('a malformed line is named and the earlier plan is not touched unless asked', async () => {
    await write()
    const bytes = await bytesOf(path('plan'))
    expect(await failure({})).toMatchObject({ code: 'RC_OUTPUT_EXISTS', status: 2 })
    expect(await bytesOf(path('plan'))).toEqual(bytes)
    await writeFile(path('bad.jsonl'), `${JSON.stringify(plain(0))}\n{"messages":\n`)
    const error = await failure({ data: [path('bad.jsonl')], out: path('b') })
    expect(error).toMatchObject({ code: 'RC_BAD_JSON_LINE', status: 2 })
    expect(error.message).toContain('line 2')
    expect(existsSync(path('b'))).toBe(false)
  })

  test('a folder in use is refused', async () => {
    const release = await lockFolder(path('plan'))
    expect(await failure({})).toMatchObject({ code: 'RC_FOLDER_IN_USE' })
    await release()
  })

  test('an interrupted run says so and leaves nothing', async () => {
    const signal = AbortSignal.abort()
    expect(await failure({}, { signal })).toMatchObject({ code: 'RC_INTERRUPTED', status: 130 })
    expect(existsSync(path('plan'))).toBe(false)
  })

  test('steps that are no whole number of micro-batches are refused', async () => {
    const error = await failure({ sequencesPerStep: 8, microBatchSize: 3 })
    expect(error.message).toContain('expected a multiple of microBatchSize 3, got 8')
  })

  test('an unknown strategy is refused with the nearest name', () => {
    const values = { data: ['a'], model: 'm', out: 'o', mask: ['block-typ'] }
    expect(() => parseOptions(planOptionsSchema, values)).toThrow(/\(the nearest is block-type\)/)
  })

  test('a block order that lacks a type is refused', () => {
    const values = { data: ['a'], model: 'm', out: 'o', blockOrder: ['text', 'code', 'code'] }
    expect(() => parseOptions(planOptionsSchema, values)).toThrow('text, code and execution')
  })

  test.each<[string, (out: string) => Promise<void>, string, string]>([
    ['no manifest', (out) => rm(join(out, planFiles.manifest)), 'RC_NO_PLAN', 'complete plan'],
    [
      'another version',
      async (out) => {
        const manifest = JSON.parse(await readFile(join(out, planFiles.manifest), 'utf8'))
        const text = JSON.stringify({ ...manifest, version: 1 })
        await writeFile(join(out, planFiles.manifest), text)
      },
      'RC_PLAN_VERSION',
      'expected format reflectioncoder-plan version 2, got reflectioncoder-plan version 1',
    ],
    [
      'changed steps',
      async (out) => {
        const steps = await readFile(join(out, planFiles.steps), 'utf8')
        await writeFile(join(out, planFiles.steps), steps.replace('"epoch":0', '"epoch":1'))
      },
      'RC_PLAN_DAMAGED',
      'expected sha256',
    ],
    ['lost tokens', (out) => rm(join(out, planFiles.tokens)), 'RC_PLAN_DAMAGED', 'is missing'],
    [
      'a manifest cut off',
      (out) => writeFile(join(out, planFiles.manifest), '{'),
      'RC_PLAN_DAMAGED',
      'JSON object',
    ],
  ])('a plan with %s is refused', async (_, spoil, code, problem) => {
    await write()
    await spoil(path('plan'))
    const error = await readPlan(path('plan')).catch((thrown) => thrown)
    expect(error).toMatchObject({ code, status: 2 })
    expect(error.message).toContain(problem)
  })
})

describe('the forecast', () => {
  test('counts from the plan and estimates from the sizes of the model', async () => {
    const config = {
      hidden_size: 64,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      num_hidden_layers: 2,
      intermediate_size: 128,
      vocab_size: 1000,
      tie_word_embeddings: true,
    }
    await writeFile(path('config.json'), JSON.stringify(config))
    const { counts } = await write({ model: folder, mask: ['all'] })
    const result = await forecast(path('plan'), { flopsPerSecond: 1e9 })
    expect(result.counts).toEqual(counts)
    expect(result.tokensSaved).toBe(counts.tokens - counts.tokensKept)
    expect(result.tokensPerStep).toBe(counts.tokensKept / 8)
    const layer = 64 * (2 * 64 + 2 * 32 + 3 * 128)
    const head = 6 * 64 * 2 ** 16 * counts.labelPositions
    const least = 8 * 2 * layer * counts.tokensKept + head
    expect(result.flops).toBeGreaterThan(least)
    expect(result.flops).toBeLessThan(1.2 * least)
    expect(result.seconds).toBe(result.flops! / 1e9)
    expect(result.memoryBytes).toBeGreaterThan(16 * (2 * layer + 64 * 2 ** 16))
  })

  test('leaves estimates out for a model of unknown sizes', async () => {
    await writeFile(path('config.json'), '{}')
    await write({ model: folder })
    expect(await forecast(path('plan'))).toMatchObject({ flops: null, memoryBytes: null })
  })
})

test('inspection says what teacher and student see and learn of each block', () => {
  const messages = reflection(0).messages
  const ids = [
    0,
    ...messages.flatMap(({ role, content }) => [
      role === 'user' ? 2 : 3,
      ...content.flatMap(({ type, content }) => [
        { text: 4, code: 5, execution: 6 }[type],
        ...Array.from(content, (character) => 10 + character.charCodeAt(0)),
        7,
      ]),
      8,
    ]),
    1,
  ]
  const settings = {
    strategy: 'block-type' as const,
    maskRate: 0.4,
    blockOrder: ['text', 'code', 'execution'] as const,
    reflection: true,
    seed: 1,
  }
  const share = (part: number, block: { start: number; end: number }) =>
    part / (block.end - block.start)
  const shares = (changes: Partial<typeof settings>) =>
    inspectSample(ids, tokenizer.specialIds, { ...settings, ...changes }).map((block) => [
      block.type,
      share(block.teacherSees, block),
      share(block.teacherLearns, block),
      share(block.studentSees, block),
      share(block.studentLearns, block),
    ])
  expect(shares({})).toEqual([
    ['text', 1, 0, 0, 0],
    ['text', 1, 1, 0, 0],
    ['code', 1, 1, 0, 0],
    ['execution', 1, 0, 1, 0],
    ['text', 1, 1, 0, 0],
    ['text', 1, 0, 1, 0],
    ['text', 1, 1, 1, 1],
  ])
  expect(shares({ reflection: false }).every(([, , , sees, learns]) => !sees && !learns)).toBe(true)
})

test('progress is reported for samples and for steps', async () => {
  const labels: string[] = []
  const progress = {
    start(label: string, total: number) {
      labels.push(`${label} ${total}`)
      return silentProgress.start(label, total)
    },
  }
  await write({}, { progress })
  expect(labels).toEqual(['tokenise 0', 'plan 8'])
})
