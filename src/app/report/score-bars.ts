import { escapeHtml, formatPercent } from './html.ts'
import type { ModelScore } from './report-input.ts'

const width = 720
const labelWidth = 150
const barWidth = width - labelWidth - 70
const rowHeight = 38

/** Draws pass@1 of each model as a bar with its interval as a whisker. */
export function renderScoreBars(scores: readonly ModelScore[]): string {
  if (scores.length === 0) return ''
  const rows = scores.map(({ name, summary }, index) => {
    const { value, interval } = summary.plus ?? summary.base
    const middle = index * rowHeight + rowHeight / 2
    const at = (share: number) => (labelWidth + share * barWidth).toFixed(1)
    const [low, high] = interval
    return `<text class="label" x="${labelWidth - 12}" y="${middle}" dy="0.35em" text-anchor="end">${escapeHtml(name)}</text>
<rect class="track" x="${labelWidth}" y="${middle - 9}" width="${barWidth}" height="18" rx="3"/>
<rect class="bar c${(index % 4) + 1}" x="${labelWidth}" y="${middle - 9}" width="${(value * barWidth).toFixed(1)}" height="18" rx="3"/>
<path class="whisker" d="M${at(low)} ${middle - 5}V${middle + 5}M${at(low)} ${middle}H${at(high)}M${at(high)} ${middle - 5}V${middle + 5}"/>
<text class="value" x="${width}" y="${middle}" dy="0.35em" text-anchor="end">${formatPercent(value)}</text>`
  })
  const height = scores.length * rowHeight
  return `<svg class="bars" viewBox="0 0 ${width} ${height}" role="img" aria-label="pass@1 with 95 % intervals">${rows.join('')}</svg>`
}
