import { readStatements, type Statement } from './python-statements.ts'

/** A program of a reflection and whether it ended well. */
export interface RunCell {
  readonly code: string
  readonly ok: boolean
}

/**
 * The tests that a teacher wrote: the last program that ended well and asserts something, itself or
 * by calling a function of an earlier one, without what the answer defines itself; helpers that earlier programs of the session defined come before.
 * Undefined when nothing is asserted.
 */
export function extractTests(cells: readonly RunCell[], answer: string): string | undefined {
  const given = new Set(readStatements(answer).flatMap(({ names }) => names))
  const isOfAnswer = ({ names }: { names: readonly string[] }) =>
    names.length > 0 && names.every((name) => given.has(name))
  const parsed = cells.map(({ code }) => readStatements(code))
  const asserting = parsed
    .flat()
    .filter((one) => one.kind === 'definition' && one.assertions > 0 && !isOfAnswer(one))
    .flatMap(({ names }) => names)
  const asserts = (one: Statement) =>
    one.kind !== 'definition' &&
    (one.assertions > 0 || asserting.some((name) => mentions(one.text, name)))
  const place = parsed.findLastIndex(
    (statements, index) => cells[index]?.ok === true && statements.some(asserts),
  )
  if (place < 0) return undefined
  const helpers = parsed
    .slice(0, place)
    .flatMap((statements, index) =>
      statements.filter(
        (statement) =>
          !isOfAnswer(statement) &&
          (statement.kind === 'import' ||
            statement.kind === 'definition' ||
            (statement.kind === 'assignment' && cells[index]?.ok === true)),
      ),
    )
  const tests = (parsed[place] ?? []).filter((statement) => !isOfAnswer(statement))
  return [...helpers, ...tests].map(({ text }) => text).join('\n')
}

const mentions = (text: string, name: string) => new RegExp(`\\b${name}\\b`).test(text)
