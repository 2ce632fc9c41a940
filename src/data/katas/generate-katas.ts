import { createRandom, InputError } from '../../core/index.ts'
import { oneOffInstruction } from '../benchmarks/index.ts'
import { type Draft, type DraftFault, draftKata } from './compose.ts'
import { type Attempt, type Evaluated, type Evaluation, evaluateKatas } from './evaluate.ts'
import { normaliseSyntax } from './normalise-syntax.ts'
import type { FaultKind } from './operations.ts'
import { pythonLiteral } from './python-literal.ts'
import type { Split } from './split.ts'

/** A small Python task with everything that is needed to teach, solve and judge it. */
export interface Kata {
  /** `Kata/<n>`, counted within its split. */
  taskId: string
  family: string
  /** Family and operations, without parameters. */
  combination: string
  entryPoint: string
  /** Function head and docstring, ends in a newline. */
  prompt: string
  /** The request for one-off code, see `oneOffInstruction`. */
  instruction: string
  /** Body that continues the prompt. */
  canonicalSolution: string
  /** JSON text of the argument lists tested first; to be read by Python. */
  baseInput: string
  /** JSON text of the other argument lists. */
  plusInput: string
  /** Assertion lines, one for each argument list, those of `baseInput` first. */
  tests: string
  /** Whole functions that fail the tests. */
  faults: KataFault[]
}

export interface KataFault {
  kind: FaultKind
  /** What was overlooked, one short sentence. */
  note: string
  solution: string
  /** Which tests fail, counted from 0; never empty. */
  failing: number[]
  /** What is still wrong once this fault is repaired. */
  remaining?: KataFault
}

export interface KataOptions {
  /** Default `train`. */
  split?: Split
  count: number
  /** Default 3407. */
  seed?: number
}

/**
 * Generates katas; equal options give equal katas, and a smaller count gives a beginning of a
 * larger one. Test katas are all of different combinations. Needs Python 3 for the expected values.
 */
export function generateKatas(options: KataOptions): Kata[] {
  const { split = 'train', count, seed = 3407 } = options
  const katas: Kata[] = []
  for (const kata of streamKatas(split, seed, true)) {
    if (katas.length === count) break
    katas.push(kata)
  }
  if (katas.length < count) {
    throw new InputError(`expected a count of at most ${katas.length} for ${split}, got ${count}`, {
      code: 'RC_KATA_COUNT',
      hint: 'Ask for fewer katas of this split.',
    })
  }
  return katas
}

/** Endless katas of a split, or until no new ones are found; faults only when asked for. */
export function* streamKatas(split: Split, seed: number, withFaults: boolean): Generator<Kata> {
  const seen = new Set<string>()
  let number = 0
  let draw = 0
  for (let size = 64; ; size = Math.min(size * 2, 1024)) {
    const drafts: Draft[] = []
    for (const until = draw + 100 * size; draw < until && drafts.length < size; draw++) {
      const draft = draftKata(createRandom(seed, 'kata', split, draw), split)
      if (!draft) continue
      const key = keyOf(draft, split)
      if (seen.has(key)) continue
      seen.add(key)
      drafts.push(draft)
    }
    if (drafts.length < size / 4) return
    const items = drafts.map((draft) => evaluationOf(draft, withFaults))
    const evaluated = evaluateKatas(items)
    for (const [index, draft] of drafts.entries()) {
      const item = items[index] as Evaluation
      const kata = finishKata(draft, item, evaluated[index] as Evaluated, number)
      if (!kata || (withFaults && kata.faults.length === 0)) continue
      number += 1
      yield kata
    }
  }
}

/** Test katas differ in their combination, others at least in a constant. */
function keyOf(draft: Draft, split: Split): string {
  return normaliseSyntax(draft.head + draft.body, split === 'test' ? 'abstract' : 'keep')
}

function evaluationOf(draft: Draft, withFaults: boolean): Evaluation {
  return {
    source: draft.head + draft.body,
    calls: draft.inputs.map(
      (input) => `${draft.entryPoint}(${input.map(pythonLiteral).join(', ')})`,
    ),
    attempts: withFaults ? [...new Set(draft.faults.flatMap(sourcesOf))] : [],
  }
}

/** Fills in examples and expected values; undefined when the kata is trivial or unwieldy. */
function finishKata(
  draft: Draft,
  { calls, attempts: sources }: Evaluation,
  { results, attempts }: Evaluated,
  number: number,
): Kata | undefined {
  if (!results || calls.length < 8 || !isInteresting(results)) return undefined
  const order = exampleOrder(results)
  const cases = order.map((index) => ({
    input: draft.inputs[index] as unknown[],
    call: calls[index] as string,
    result: results[index] as string,
  }))
  const examples = cases.slice(0, 2).map(({ call, result }) => `    >>> ${call}\n    ${result}\n`)
  const docstring = `    """ ${draft.sentence}\n${examples.join('')}    """\n`
  const prompt = draft.head + docstring
  return {
    taskId: `Kata/${number}`,
    family: draft.family,
    combination: draft.combination,
    entryPoint: draft.entryPoint,
    prompt,
    instruction: oneOffInstruction(prompt),
    canonicalSolution: draft.body,
    baseInput: JSON.stringify(cases.slice(0, 4).map(({ input }) => input)),
    plusInput: JSON.stringify(cases.slice(4).map(({ input }) => input)),
    tests: cases.map(({ call, result }) => `assert ${call} == ${result}\n`).join(''),
    faults: failingFaults(
      draft,
      new Map(sources.map((source, index) => [source, attempts[index] as Attempt])),
      order,
    ),
  }
}

function isInteresting(results: readonly string[]): boolean {
  const different = new Set(results)
  const boolean = results.every((result) => result === 'True' || result === 'False')
  const longest = Math.max(...results.map((result) => result.length))
  const commonest = Math.max(
    ...[...different].map((one) => results.filter((r) => r === one).length),
  )
  return different.size >= (boolean ? 2 : 3) && commonest <= 0.7 * results.length && longest <= 72
}

/** Examples first: two results that differ and are not empty where possible. */
function exampleOrder(results: readonly string[]): number[] {
  const indices = results.map((_, index) => index)
  const telling = (index: number) => !emptyResults.has(results[index] as string)
  const short = (index: number) => (results[index] as string).length <= 40
  const first = indices.find((index) => telling(index) && short(index)) ?? 0
  const second =
    indices.find((i) => results[i] !== results[first] && telling(i) && short(i)) ??
    indices.find((i) => results[i] !== results[first]) ??
    (first === 0 ? 1 : 0)
  const rest = indices.filter((index) => index !== first && index !== second)
  const edge = rest.pop()
  return [first, second, ...(edge === undefined ? [] : [edge]), ...rest]
}

const emptyResults = new Set(['[]', "''", '{}', '0', 'None', 'False', '-1'])

/** Source of a fault and of what remains of it, in this order. */
function sourcesOf(fault: DraftFault): string[] {
  return [fault.source, ...(fault.remaining ? sourcesOf(fault.remaining) : [])]
}

function failingFaults(draft: Draft, attempts: Map<string, Attempt>, order: number[]): KataFault[] {
  const seen = new Set<string>()
  return draft.faults.flatMap((fault) => {
    const found = failingFault(fault, attempts, order)
    const key = `${fault.source}${fault.remaining ? ' chain' : ''}`
    if (!found || seen.has(key)) return []
    seen.add(key)
    return [found]
  })
}

/** The fault with the tests that it fails; undefined when it passes or fails in another way. */
function failingFault(
  fault: DraftFault,
  attempts: Map<string, Attempt>,
  order: number[],
): KataFault | undefined {
  const attempt = attempts.get(fault.source)
  const never = fault.kind === 'non-termination' || fault.kind === 'complexity'
  if (!attempt || attempt.failing.length === 0 || attempt.unstable) return undefined
  if (never !== attempt.endless) return undefined
  const failing = attempt.failing.map((index) => order.indexOf(index)).sort((a, b) => a - b)
  const { kind, note, source: solution } = fault
  if (!fault.remaining) return { kind, note, solution, failing }
  const remaining = failingFault(fault.remaining, attempts, order)
  return remaining && { kind, note, solution, failing, remaining }
}
