import type { Instruction } from '../../../data/datasets/index.ts'
import type { CellResult, Sandbox } from '../../../sandbox/index.ts'
import { type Language, languageTable } from '../languages.ts'
import type { Drop } from './drop-reason.ts'

/**
 * Runs a program that answers a word problem: the last number it prints must be the one that came
 * with the problem, or, where none did, the one that the reflection ended with.
 */
export async function checkPrintedAnswer(
  answer: string,
  results: readonly CellResult[],
  instruction: Instruction,
  sandbox: Sandbox,
  language: Language,
): Promise<Drop | undefined> {
  const { outcome, stdout, stderr } = await sandbox.run({
    language: languageTable[language].sandbox,
    source: answer,
  })
  if (outcome !== 'ok') {
    return { reason: 'answer-fails', detail: stderr.trim().split('\n').at(-1) || outcome }
  }
  const printed = readLastNumber(stdout)
  const expected =
    readGivenAnswer(instruction.answer) ?? readLastNumber(results.at(-1)?.output ?? '')
  if (printed !== undefined && expected !== undefined && isSame(printed, expected)) return undefined
  const detail = `printed ${printed ?? 'no number'}, expected ${expected ?? 'none'}`
  return { reason: 'answer-differs', detail }
}

/** The number behind `####` (GSM8K), or the last one of the text. */
export function readGivenAnswer(answer: string | undefined): number | undefined {
  if (answer === undefined) return undefined
  const marked = /####\s*(.+)/.exec(answer)?.[1]
  return readLastNumber(marked ?? answer)
}

/** The last number of a text; `1,234.50` and `-3` are numbers, signs of money and percent are not part of them. */
export function readLastNumber(text: string): number | undefined {
  const found = text.match(/-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi)?.at(-1)
  return found === undefined ? undefined : Number(found.replaceAll(',', ''))
}

/** Binary fractions may differ in their last places. */
const isSame = (a: number, b: number) => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b))
