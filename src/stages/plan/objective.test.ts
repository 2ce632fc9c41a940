import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../core/index.ts'
import {
  publishedMask,
  publishedStudentLabels,
  publishedTeacherLabels,
} from './__fixtures__/published-masks.ts'
import { plainDialogs, reflectionDialogs } from './__fixtures__/random-dialogs.ts'
import { createTinyTokenizer } from './__fixtures__/tiny-tokenizer.ts'
import { encodeDialog } from './encode-dialog.ts'
import type { Span } from './format.ts'
import { distillSpan, studentLabels, teacherLabels } from './labels.ts'
import { type MaskStrategy, maskStrategies } from './options.ts'
import { planRows } from './plan-rows.ts'
import { finalAnswerOf, readLayout, reflectionOf } from './sample-layout.ts'
import { countPositions, spansOf } from './spans.ts'
import { hideReflection } from './strategies.ts'
import { studentSpans } from './visibility.ts'

const withBos = createTinyTokenizer()
const special = {
  user: 2,
  assistant: 3,
  text: 4,
  code: 5,
  execution: 6,
  endofblock: 7,
  endofmessage: 8,
}
const blockOrder = ['text', 'code', 'execution'] as const
const orders = fc.shuffledSubarray([...blockOrder], { minLength: 3 })
const rates = fc.oneof(
  fc.constantFrom(0, 0.07, 0.25, 0.33, 0.5, 0.67, 0.75, 1),
  fc.double({ min: 0, max: 1, noNaN: true }),
)
const tokenizers = fc.boolean().map((bos) => createTinyTokenizer({ bos }))

const flagsOf = (spans: readonly Span[], length: number): number[] => {
  const flags = Array<number>(length).fill(0)
  for (const [start, end] of spans) flags.fill(1, start, end)
  return flags
}
const labelled = (labels: number[]) => labels.map((label) => (label === -100 ? 0 : 1))

describe('labels', () => {
  test('of the teacher are those of the published scan', () => {
    fc.assert(
      fc.property(fc.oneof(reflectionDialogs, plainDialogs), tokenizers, (dialog, tokenizer) => {
        const ids = encodeDialog(dialog, tokenizer)
        const layout = readLayout(ids, tokenizer.specialIds)
        const published = publishedTeacherLabels(ids, special, tokenizer.bosId !== undefined)
        expect(flagsOf(teacherLabels(layout), ids.length)).toEqual(labelled(published))
      }),
    )
  })

  test('of the teacher are never in a message of the user or an execution block', () => {
    fc.assert(
      fc.property(reflectionDialogs, (dialog) => {
        const ids = encodeDialog(dialog, withBos)
        const layout = readLayout(ids, withBos.specialIds)
        const flags = flagsOf(teacherLabels(layout), ids.length)
        const forbidden = layout.messages.flatMap(({ role, start, end, blocks }) =>
          role === 'user' ? [{ start, end }] : blocks.filter(({ type }) => type === 'execution'),
        )
        for (const { start, end } of forbidden) {
          expect(flags.slice(start, end)).not.toContain(1)
        }
        expect(flags[0]).toBe(0)
        expect(flags.at(-1)).toBe(1)
      }),
    )
  })

  test('of the student are the last answer without EOS; KL covers EOS, one position on', () => {
    fc.assert(
      fc.property(reflectionDialogs, tokenizers, (dialog, tokenizer) => {
        const ids = encodeDialog(dialog, tokenizer)
        const layout = readLayout(ids, tokenizer.specialIds)
        const published = labelled(publishedStudentLabels(ids, special))
        expect(flagsOf(studentLabels(layout), ids.length)).toEqual(published)
        expect(flagsOf([distillSpan(layout)], ids.length)).toEqual(published)
      }),
    )
  })
})

describe('the layout', () => {
  test('covers every token of a sample but BOS and EOS with messages', () => {
    fc.assert(
      fc.property(reflectionDialogs, tokenizers, (dialog, tokenizer) => {
        const ids = encodeDialog(dialog, tokenizer)
        const { messages, length } = readLayout(ids, tokenizer.specialIds)
        let position = tokenizer.bosId === undefined ? 0 : 1
        for (const [index, message] of messages.entries()) {
          expect(message.role).toBe(dialog.messages[index]!.role)
          expect(message.start).toBe(position)
          position += 1
          for (const [place, block] of message.blocks.entries()) {
            expect(block.type).toBe(dialog.messages[index]!.content[place]!.type)
            expect(block.start).toBe(position)
            position = block.end
          }
          position += 1
          expect(message.end).toBe(position)
        }
        expect(position).toBe(length - 1)
      }),
    )
  })
})

describe.each(maskStrategies)('the strategy %s', (strategy: MaskStrategy) => {
  test('gives the student the published visibility', () => {
    fc.assert(
      fc.property(
        reflectionDialogs,
        tokenizers,
        rates,
        orders,
        (dialog, tokenizer, rate, order) => {
          const ids = encodeDialog(dialog, tokenizer)
          const layout = readLayout(ids, tokenizer.specialIds)
          const random = () => createRandom(1, 'mask', rate)
          const settings = { rate, blockOrder: order, random: random() }
          const spans = studentSpans(layout, strategy, settings)
          const published = publishedMask(ids, special, strategy, rate, order, random())
          expect(flagsOf(spans, ids.length)).toEqual(published)
        },
      ),
    )
  })

  test('keeps all that a label or a distilled position needs', () => {
    fc.assert(
      fc.property(reflectionDialogs, rates, (dialog, rate) => {
        const ids = encodeDialog(dialog, withBos)
        const layout = readLayout(ids, withBos.specialIds)
        const occurrence = { epoch: 0, dataset: 0, sample: 0, reflection: true }
        const settings = {
          mask: [strategy],
          blockOrder: [...blockOrder],
          distillation: true,
          seed: 1,
        }
        const [teacher, student] = planRows(layout, occurrence, rate, settings)
        expect(teacher).toMatchObject({ view: 'teacher', spans: [[0, ids.length]] })
        expect(student!.distill).toEqual(teacher!.distill)
        const kept = flagsOf(student!.spans, ids.length)
        for (const [start, end] of student!.labels) {
          expect(kept.slice(start - 1, end)).not.toContain(0)
        }
        const [first, last] = student!.distill!
        expect(kept.slice(first, last)).not.toContain(0)
        expect(first).toBe(finalAnswerOf(layout).start)
      }),
    )
  })
})

describe('the number of hidden tokens', () => {
  const reflection = (contents: string[]) => {
    const content = contents.map((text) => ({ type: 'text' as const, content: text }))
    const messages = ['user', 'assistant', 'user', 'assistant'].map((role) => ({
      role: role as 'user' | 'assistant',
      content,
    }))
    return reflectionOf(readLayout(encodeDialog({ messages }, withBos), withBos.specialIds))
  }
  const settings = (rate: number) => ({ rate, blockOrder, random: createRandom(7) })
  const count = (hidden: Uint8Array) => countPositions(spansOf(hidden))

  test.each(['sequential-token', 'random-token'] as const)('%s is ceil in doubles', (strategy) => {
    // 100 · 0.07 is 7.000000000000001 in double precision.
    const hundred = reflection(['x'.repeat(98)])
    expect(count(hideReflection(strategy, hundred, settings(0.07)))).toBe(8)
    expect(count(hideReflection(strategy, hundred, settings(0)))).toBe(0)
    expect(count(hideReflection(strategy, hundred, settings(1)))).toBe(100)
  })

  test.each(['sequential-block', 'random-block'] as const)('%s counts whole blocks', (strategy) => {
    const five = reflection(['', 'a', 'bb', 'ccc', 'dddd'])
    expect(count(hideReflection(strategy, five, settings(1)))).toBe(20)
    for (const [rate, blocks] of [
      [0, 0],
      [0.2, 1],
      [0.21, 2],
      [0.6, 3],
      [0.61, 4],
    ] as const) {
      const hidden = hideReflection(strategy, five, settings(rate))
      const starts = five.blocks.map(({ start }) => hidden[start - five.start - 1]!)
      expect(starts.reduce((sum, flag) => sum + flag, 0)).toBe(blocks)
    }
  })
})

describe('a mixture of strategies', () => {
  const sample = readLayout(
    encodeDialog(
      {
        messages: ['user', 'assistant', 'user', 'assistant'].map((role) => ({
          role: role as 'user' | 'assistant',
          content: [{ type: 'text' as const, content: 'abcdefghijklmnop' }],
        })),
      },
      withBos,
    ),
    withBos.specialIds,
  )
  const settings = {
    mask: ['all', 'none', 'random-token'] satisfies MaskStrategy[],
    blockOrder: [...blockOrder],
    distillation: true,
    seed: 3407,
  }
  const rows = (epoch: number, dataset: number, number: number) =>
    planRows(sample, { epoch, dataset, sample: number, reflection: true }, 0.5, settings)

  test('draws each about as often', () => {
    const drawn = Array.from({ length: 600 }, (_, index) => rows(0, 0, index)[1]!.strategy!)
    for (const strategy of settings.mask) {
      const times = drawn.filter((name) => name === strategy).length
      expect(times).toBeGreaterThan(150)
      expect(times).toBeLessThan(250)
    }
  })

  test('draws anew for each pass and each copy of a file, and repeats itself', () => {
    const masks = (epoch: number, dataset: number) =>
      Array.from({ length: 40 }, (_, index) => rows(epoch, dataset, index))
    expect(masks(0, 0)).toEqual(masks(0, 0))
    expect(masks(0, 0)).not.toEqual(masks(1, 0))
    expect(masks(0, 0)).not.toEqual(masks(0, 1))
  })

  test('plain samples and training without distillation give one row', () => {
    const occurrence = { epoch: 0, dataset: 0, sample: 3 }
    const labels = teacherLabels(sample)
    const spans = [[0, sample.length]]
    expect(planRows(sample, { ...occurrence, reflection: false }, 1, settings)).toEqual([
      { sample: 3, view: 'plain', spans, labels },
    ])
    const without = { ...settings, distillation: false }
    expect(planRows(sample, { ...occurrence, reflection: true }, 1, without)).toEqual([
      { sample: 3, view: 'teacher', spans, labels },
    ])
  })
})
