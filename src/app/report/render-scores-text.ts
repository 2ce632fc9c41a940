import { formatPercent, formatPoints } from './html.ts'
import type { ModelComparison, ModelScore } from './report-input.ts'

const plotWidth = 40

/** Scores, a small plot and the paired differences as plain text for a terminal. */
export function renderScoresText(
  scores: readonly ModelScore[],
  comparisons: readonly ModelComparison[],
): string {
  if (scores.length === 0) return ''
  const width = Math.max(5, ...scores.map(({ name }) => name.length))
  const head = `${'model'.padEnd(width)}  pass@1   95 % interval      tasks`
  const rows = scores.map(({ name, summary }) => {
    const { value, interval } = summary.plus ?? summary.base
    const range = interval.map(formatPercent).join(' … ')
    return `${name.padEnd(width)}  ${formatPercent(value).padStart(6)}  ${range.padEnd(17)}  ${String(summary.taskCount).padStart(5)}  ${renderBar(value, interval)}`
  })
  const differences = comparisons.map(({ before, after, comparison }) => {
    const { difference, interval, fixed, broken, pValue } = comparison
    const label = `${after} − ${before}`.padEnd(2 * width + 3)
    const p = pValue < 0.001 ? 'p < 0.001' : `p = ${pValue.toFixed(3)}`
    return `${label}  ${formatPoints(difference)} points (${interval.map(formatPoints).join(' … ')}), ${fixed.length} fixed, ${broken.length} broken, ${p}`
  })
  return [head, ...rows, ...(differences.length > 0 ? ['', ...differences] : [])].join('\n')
}

/** `█` up to the value, `─` over the rest of the interval, on a scale from 0 to 100 %. */
export function renderBar(value: number, [low, high]: readonly [number, number]): string {
  const cell = (share: number) => Math.round(share * plotWidth)
  return Array.from({ length: plotWidth }, (_, index) => {
    if (index < cell(value)) return index >= cell(low) ? '▓' : '█'
    return index < cell(high) ? '─' : '·'
  }).join('')
}
