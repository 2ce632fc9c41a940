import { createRandom, type Random } from '../../src/core/index.ts'

/** What reference.py reads; see there. */
export interface CaseFile {
  bosId: number | null
  eosId: number
  specialTokens: Record<string, number>
  cases: Case[]
}

export interface Case {
  name: string
  distillWeight?: number
  temperature?: number
  microBatches: Sample[][]
}

export interface Sample {
  tokens: number[]
  type: string
  strategy?: string
  rate?: number
  blockOrder?: string[]
  /** 1 = visible to the student; instead of the strategy. */
  mask?: number[]
}

/** A row as `reference.py views` describes it. */
export interface ReferenceView {
  view: 'teacher' | 'student' | 'plain'
  visible: number[]
  labels: number[]
  distilled: number[]
}

export const strategies = [
  'all',
  'random-token',
  'sequential-token',
  'random-block',
  'sequential-block',
  'block-type',
  'none',
] as const

export const rates = [0, 0.25, 0.5, 0.75, 1] as const

/** The ids that make_model.py gives a tokenizer with BOS and special tokens. */
export const ids = {
  bosId: 0,
  eosId: 1,
  specialTokens: {
    '<|user|>': 2,
    '<|assistant|>': 3,
    '<|text|>': 4,
    '<|code|>': 5,
    '<|execution|>': 6,
    '<|endofblock|>': 7,
    '<|endofmessage|>': 8,
  },
}

const { specialTokens: special } = ids

/** Tokens of a random reflection sample with two to five blocks in the reflection. */
export function randomReflectionTokens(random: Random, vocabulary: number, bos = true): number[] {
  const text = (length: number) => Array.from({ length }, () => 9 + random.integer(vocabulary - 9))
  const types = ['<|text|>', '<|code|>', '<|execution|>'] as const
  const block = (type: (typeof types)[number]) => [
    special[type],
    ...text(1 + random.integer(6)),
    special['<|endofblock|>'],
  ]
  const message = (role: '<|user|>' | '<|assistant|>', blocks: number[][]) => [
    special[role],
    ...blocks.flat(),
    special['<|endofmessage|>'],
  ]
  const reflection = Array.from({ length: 2 + random.integer(4) }, () => block(random.pick(types)))
  return [
    ...(bos ? [ids.bosId] : []),
    ...message('<|user|>', [block('<|text|>')]),
    ...message('<|assistant|>', reflection),
    ...message('<|user|>', [block('<|text|>')]),
    ...message('<|assistant|>', [block('<|text|>'), block('<|code|>')]),
    ids.eosId,
  ]
}

/** Tokens of a random sample with one question and one answer. */
export function randomPlainTokens(random: Random, vocabulary: number): number[] {
  const tokens = randomReflectionTokens(random, vocabulary)
  const question = tokens.slice(0, tokens.indexOf(special['<|endofmessage|>']) + 1)
  return [...question, ...tokens.slice(tokens.lastIndexOf(special['<|assistant|>']))]
}

/** A mask for the strategies that draw: the number that must be hidden, anywhere. */
export function drawMask(
  tokens: readonly number[],
  strategy: 'random-token' | 'random-block',
  rate: number,
  random: Random,
): number[] {
  const start = tokens.indexOf(special['<|assistant|>']) + 1
  const end = tokens.indexOf(special['<|endofmessage|>'], start)
  const visible: number[] = tokens.map((_, position) => (position <= end ? 0 : 1))
  const pieces: number[][] = []
  for (let position = start; position < end; position++) {
    const opens = strategy === 'random-token' || position === start
    if (opens || tokens[position - 1] === special['<|endofblock|>']) pieces.push([])
    pieces.at(-1)!.push(position)
  }
  const kept = random.shuffle(pieces).slice(Math.ceil(pieces.length * rate))
  for (const position of kept.flat()) visible[position] = 1
  return visible
}

/** A reflection sample whose mask is drawn here where the strategy needs it. */
export function reflectionSample(
  tokens: number[],
  strategy: (typeof strategies)[number],
  rate: number,
  random: Random,
): Sample {
  const sample = { tokens, type: 'reflection', strategy, rate }
  const draws = strategy === 'random-token' || strategy === 'random-block'
  return draws ? { ...sample, mask: drawMask(tokens, strategy, rate, random) } : sample
}

/** One case a strategy and rate, of one sample each. */
export function strategyCases(vocabulary: number): Case[] {
  return strategies.flatMap((strategy) =>
    rates.map((rate) => {
      const random = createRandom(1, strategy, rate)
      const tokens = randomReflectionTokens(random, vocabulary)
      const sample = reflectionSample(tokens, strategy, rate, random)
      return { name: `${strategy}-${rate}`, microBatches: [[sample]] }
    }),
  )
}
