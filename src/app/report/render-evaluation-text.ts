import type { EvaluationSummary, Score } from '../../stages/eval/index.ts'
import { formatPercent } from './html.ts'
import { renderBar } from './render-scores-text.ts'

/** An evaluation as a table for a terminal. */
export function renderEvaluationText(summary: EvaluationSummary): string {
  const { base, plus, passAtK, statuses } = summary
  const head = `${'tests'.padEnd(nameWidth)}  ${'pass@1'.padStart(7)}  ${'95 % interval'.padEnd(intervalWidth)}  ${'pass'.padStart(6)}${'fail'.padStart(6)}${'timeout'.padStart(9)}`
  const rows = [renderRow('base', base, passAtK.base, statuses.base)]
  if (plus !== undefined && statuses.plus !== undefined) {
    rows.push(renderRow('base and plus', plus, passAtK.plus ?? {}, statuses.plus))
  }
  return [
    `${summary.problems}: ${count(summary.taskCount, 'task')}, ${count(summary.sampleCount, 'sample')}, ${count(summary.programCount, 'different program')}`,
    '',
    head,
    ...rows.flat(),
    '',
    ...notesOf(summary),
    `judged in ${summary.wallSeconds.toFixed(1)} s, isolation ${summary.isolation}`,
  ].join('\n')
}

const nameWidth = 13
const intervalWidth = 17

function renderRow(
  name: string,
  { value, interval }: Score,
  rates: Record<string, number>,
  counts: EvaluationSummary['statuses']['base'],
): string[] {
  const range = interval.map(formatPercent).join(' … ').padEnd(intervalWidth)
  const faults = counts['infra-error'] ? `  ${counts['infra-error']} not judged` : ''
  const line = `${name.padEnd(nameWidth)}  ${formatPercent(value).padStart(7)}  ${range}  ${String(counts.pass).padStart(6)}${String(counts.fail).padStart(6)}${String(counts.timeout).padStart(9)}${faults}  ${renderBar(value, interval)}`
  const more = Object.entries(rates)
    .filter(([k]) => k !== 'pass@1')
    .map(([k, rate]) => `${k} ${formatPercent(rate)}`)
  return more.length === 0 ? [line] : [line, `${' '.repeat(nameWidth)}  ${more.join('  ')}`]
}

function notesOf({ warnings, timeSensitive }: EvaluationSummary): string[] {
  const notes = warnings.map((warning) => `warning: ${warning}`)
  if (timeSensitive.length === 0) return notes
  const shown = timeSensitive.slice(0, 8).join(', ')
  const rest = timeSensitive.length > 8 ? ` and ${timeSensitive.length - 8} more` : ''
  return [...notes, `near a time limit: ${shown}${rest}`]
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
