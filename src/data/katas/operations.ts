import type { Random } from '../../core/index.ts'

/** What is wrong with a faulty attempt. */
export type FaultKind =
  | 'off-by-one'
  | 'edge-case'
  | 'wrong-type'
  | 'library-misuse'
  | 'non-termination'
  | 'complexity'
  | 'wrong-comparison'
  | 'wrong-start'
  | 'wrong-operation'
  | 'missing-step'

export interface OperationFault {
  kind: FaultKind
  /** Stands in place of the operation's code. */
  code: string
  /** What the author of the fault overlooked, one short sentence. */
  note: string
}

/**
 * One step that katas are composed of. Texts may hold parameters: `{k}` `{m}` numbers from 2 to 9
 * that differ, `{d}` 1 to 9, `{a}` < `{b}`, `{c}` `{e}` letters, `{s}` a separator, `{w}` a word;
 * numbers also as `{k+1}` and `{k-1}`. `{x}` is left for the family to fill in.
 */
export interface Operation {
  name: string
  /** Wordings of the step; all mean the same. */
  phrases: readonly string[]
  code: string
  faults: readonly OperationFault[]
}

/** An operation whose parameters are drawn. */
export interface Step {
  name: string
  phrase: string
  code: string
  faults: readonly OperationFault[]
  parameters: Readonly<Record<string, string | number>>
}

type FaultTuple = readonly [kind: FaultKind, code: string, note?: string]

/** Writes down an operation; a fault without a note gets the usual one of its kind. */
export function operation(
  name: string,
  phrases: string | readonly string[],
  code: string,
  ...faults: FaultTuple[]
): Operation {
  return {
    name,
    phrases: typeof phrases === 'string' ? [phrases] : phrases,
    code,
    faults: faults.map(([kind, text, note]) => ({ kind, code: text, note: note ?? notes[kind] })),
  }
}

/** Puts every text of an operation into a frame, for example a condition into a filter. */
export function frame(
  inner: Operation,
  prefix: string,
  phrase: (text: string) => string | readonly string[],
  code: (text: string) => string,
  ...faults: FaultTuple[]
): Operation {
  const own = operation(prefix, '', '', ...faults).faults
  return {
    name: `${prefix}-${inner.name}`,
    phrases: inner.phrases.flatMap((text) => phrase(text)),
    code: code(inner.code),
    faults: [...inner.faults.map((fault) => ({ ...fault, code: code(fault.code) })), ...own],
  }
}

/** Draws the parameters of an operation and one of its wordings. */
export function instantiate(chosen: Operation, random: Random): Step {
  const parameters = drawParameters(random)
  const fill = (text: string) => fillParameters(text, parameters)
  return {
    name: chosen.name,
    phrase: fill(random.pick(chosen.phrases)),
    code: fill(chosen.code),
    faults: chosen.faults.map((fault) => ({
      kind: fault.kind,
      code: fill(fault.code),
      note: fill(fault.note),
    })),
    parameters,
  }
}

/** The step's code with `{x}` replaced by the given variable. */
export function on(step: Step, variable: string): string {
  return step.code.replaceAll('{x}', variable)
}

function drawParameters(random: Random): Record<string, string | number> {
  const between = (low: number, high: number) => low + random.integer(high - low + 1)
  const k = between(2, 9)
  const a = between(1, 6)
  const letter = random.integer(letters.length)
  return {
    k,
    m: 2 + ((k - 2 + between(1, 7)) % 8),
    d: between(1, 9),
    a,
    b: a + between(3, 9),
    c: letters[letter] as string,
    e: letters[(letter + between(1, letters.length - 1)) % letters.length] as string,
    s: random.pick(separators),
    w: random.pick(suffixes),
  }
}

function fillParameters(text: string, parameters: Record<string, string | number>): string {
  return text.replace(/\{([kmdabcesw])([+-]1)?\}/g, (_, name: string, shift?: string) => {
    const value = parameters[name] as string | number
    return shift ? String(Number(value) + Number(shift)) : String(value)
  })
}

const letters = [...'aeiorstlnb']
const separators = ['-', ',', '/', '+', ':', ';']
const suffixes = ['ing', 'er', 'ly', 'go', 'up']

const notes: Record<FaultKind, string> = {
  'off-by-one': 'It is off by one.',
  'edge-case': 'The empty case is missing.',
  'wrong-type': 'The type is wrong.',
  'library-misuse': 'That call does not do what I meant.',
  'non-termination': 'The loop never ends.',
  complexity: 'It repeats the same work far too often.',
  'wrong-comparison': 'The comparison is wrong.',
  'wrong-start': 'The start value is wrong.',
  'wrong-operation': 'The operation is wrong.',
  'missing-step': 'One step is missing.',
}
