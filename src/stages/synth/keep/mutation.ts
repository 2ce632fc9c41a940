import type { Random } from '../../../core/index.ts'

/** A change of a source; those of one program do not overlap. */
export interface Edit {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** Up to `most` programs with one of the edits each, drawn at random. */
export function drawMutants(
  source: string,
  edits: readonly Edit[],
  most: number,
  random: Random,
): string[] {
  return random
    .shuffle([...edits])
    .slice(0, most)
    .map((edit) => applyEdits(source, [edit]))
}

export function applyEdits(source: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((a, b) => b.from - a.from)
    .reduce((text, { from, to, text: by }) => text.slice(0, from) + by + text.slice(to), source)
}

/** What stands in place of an operator, a truth value or a whole number; undefined where nothing can. */
export function faultFor(token: string): string | undefined {
  return /^\d{1,9}$/.test(token) ? String(Number(token) + 1) : otherTokens[token]
}

/** Of all languages together: what a language does not know it does not contain. */
const otherTokens: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '==': '!=',
  '!=': '==',
  '===': '!==',
  '!==': '===',
  '+': '-',
  '-': '+',
  '*': '+',
  '/': '*',
  '//': '*',
  '%': '*',
  '+=': '-=',
  '-=': '+=',
  '*=': '+=',
  '&': '|',
  '|': '&',
  '&&': '||',
  '||': '&&',
  and: 'or',
  or: 'and',
  True: 'False',
  False: 'True',
  true: 'false',
  false: 'true',
  '-lt': '-le',
  '-le': '-lt',
  '-gt': '-ge',
  '-ge': '-gt',
  '-eq': '-ne',
  '-ne': '-eq',
}
