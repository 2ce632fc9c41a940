import { createRandom, type Random } from '../../core/index.ts'
import { families } from './families/index.ts'
import { type Family, familyBody, familyClauses } from './family.ts'
import { type FaultKind, instantiate, type Operation, type Step } from './operations.ts'
import { pythonLiteral } from './python-literal.ts'
import { type Split, splitOf } from './split.ts'

/** A kata before its examples and expected values are known. */
export interface Draft {
  family: string
  combination: string
  entryPoint: string
  /** Everything up to and with the line of the function head. */
  head: string
  sentence: string
  /** Indented body. */
  body: string
  inputs: unknown[][]
  faults: DraftFault[]
}

/** A faulty function; `remaining` is what is left once this fault is repaired. */
export interface DraftFault {
  kind: FaultKind
  note: string
  source: string
  remaining: DraftFault | undefined
}

/** Draws a family and operations; undefined when the combination belongs to another split. */
export function draftKata(random: Random, split: Split): Draft | undefined {
  const family = random.pick(families)
  const chosen = family.slots.map((slot) => random.pick(slot))
  if (combinationSplit(family, chosen) !== split) return undefined
  const steps = chosen.map((item) => instantiate(item, random))
  const entryPoint = functionName(family, chosen)
  const head = functionHead(family, entryPoint)
  const body = indent(familyBody(family, steps), entryPoint)
  return {
    family: family.name,
    combination: combinationName(family, chosen),
    entryPoint,
    head,
    sentence: sentenceOf(familyClauses(family, steps), random),
    body,
    inputs: drawInputs(family, steps, random),
    faults: draftFaults(family, steps, random)
      .map((fault) => renderFault(fault, head, entryPoint))
      .filter((fault) => fault.source !== head + body && mayBeShown(fault)),
  }
}

/** Every combination of every family, for counting. */
export function listCombinations(): { family: string; combination: string; split: Split }[] {
  return families.flatMap((family) =>
    product(family.slots).map((chosen) => ({
      family: family.name,
      combination: combinationName(family, chosen),
      split: combinationSplit(family, chosen),
    })),
  )
}

const splits = new Map<string, Split>()

function combinationSplit(family: Family, chosen: readonly Operation[]): Split {
  const name = combinationName(family, chosen)
  const known = splits.get(name)
  if (known) return known
  const random = createRandom(0, 'combination')
  const steps = chosen.map((item) => instantiate(item, random))
  const split = splitOf(
    `def f(${family.parameters.join(', ')}):\n${indent(familyBody(family, steps), 'f')}`,
  )
  splits.set(name, split)
  return split
}

function combinationName(family: Family, chosen: readonly Operation[]): string {
  return [family.name, ...chosen.map((item) => item.name)].join(' ')
}

function functionName(family: Family, chosen: readonly Operation[]): string {
  const words = chosen.map((item) =>
    item.name.replace(/^(keep|map|return)-/, '').replaceAll('-', '_'),
  )
  return [family.noun, ...words].join('_')
}

function functionHead(family: Family, entryPoint: string): string {
  const preamble = family.preamble ? `${family.preamble}\n\n\n` : ''
  return `${preamble}def ${entryPoint}(${family.parameters.join(', ')}):\n`
}

function indent(lines: readonly string[], entryPoint: string): string {
  return lines.map((line) => `    ${line.replaceAll('{f}', entryPoint)}\n`).join('')
}

function sentenceOf(clauses: readonly string[], random: Random): string {
  const last = clauses.at(-1) as string
  const before = clauses.slice(0, -1)
  const joined =
    before.length === 0
      ? last
      : random.integer(2) === 0
        ? `${before.join(', ')} and ${last}`
        : [...before, last].join(', then ')
  return `${joined.slice(0, 1).toUpperCase()}${joined.slice(1)}.`
}

function drawInputs(family: Family, steps: Step[], random: Random): unknown[][] {
  const seen = new Set<string>()
  const inputs: unknown[][] = []
  const add = (input: readonly unknown[]) => {
    const key = pythonLiteral(input)
    if (seen.has(key)) return
    seen.add(key)
    inputs.push([...input])
  }
  for (let draw = 0; draw < 10; draw++) add(family.inputs(random, ...steps))
  for (const edge of family.edges) add(edge)
  return inputs
}

interface FaultyBody {
  kind: FaultKind
  note: string
  body: string[]
  remaining?: FaultyBody
}

/** Faults of single operations, of the family, steps left out, and several at once. */
function draftFaults(family: Family, steps: readonly Step[], random: Random): FaultyBody[] {
  const ofSteps = steps.flatMap((step, index) =>
    step.faults.map(({ kind, code, note }) => ({
      kind,
      note,
      body: familyBody(family, steps.with(index, { ...step, code })),
    })),
  )
  const missing: FaultyBody[] = family.body
    ? []
    : steps.slice(0, -1).map((step, index) => ({
        kind: 'missing-step',
        note: `I forgot to ${step.phrase}.`,
        body: familyBody(family, steps.toSpliced(index, 1)),
      }))
  const chains = [2, 3].flatMap((length) => draftChain(family, steps, length, random))
  return [...ofSteps, ...(family.faults?.(...steps) ?? []), ...missing, ...chains]
}

/** One attempt with faults in `length` steps, which are repaired one after the other. */
function draftChain(
  family: Family,
  steps: readonly Step[],
  length: number,
  random: Random,
): FaultyBody[] {
  const faulty = [...steps.keys()].filter((index) => steps[index]?.faults.length)
  if (faulty.length < length) return []
  let current = steps
  let chain: FaultyBody | undefined
  for (const index of random.shuffle(faulty).slice(0, length)) {
    const step = steps[index] as Step
    const { kind, note, code } = random.pick(step.faults)
    current = current.with(index, { ...step, code })
    const body = familyBody(family, current)
    chain = chain ? { kind, note, body, remaining: chain } : { kind, note, body }
  }
  return chain ? [chain] : []
}

function renderFault(fault: FaultyBody, head: string, entryPoint: string): DraftFault {
  const { kind, note, body, remaining } = fault
  return {
    kind,
    note,
    source: head + indent(body, entryPoint),
    remaining: remaining && renderFault(remaining, head, entryPoint),
  }
}

/** A fault must not give away the solution of a test kata. */
function mayBeShown(fault: DraftFault): boolean {
  return splitOf(fault.source) !== 'test' && (!fault.remaining || mayBeShown(fault.remaining))
}

function product<T>(slots: readonly (readonly T[])[]): T[][] {
  return slots.reduce<T[][]>(
    (rows, slot) => rows.flatMap((row) => slot.map((item) => [...row, item])),
    [[]],
  )
}
