import type { EvaluationSummary, Score } from '../../stages/eval/index.ts'
import { renderFailures } from './failing-samples.ts'
import { escapeHtml, formatPercent } from './html.ts'
import { renderPage } from './page.ts'
import type { FailingSample } from './report-input.ts'

/** One evaluation as shown to a reader. */
export interface EvaluationReport {
  summary: EvaluationSummary
  /** Every sample that did not pass. */
  failures: readonly FailingSample[]
}

/** Renders an evaluation as one HTML page: scores, and every failing sample with why it fails. */
export function renderEvaluation({ summary, failures }: EvaluationReport): string {
  const notes = [
    `Samples: ${summary.samples}`,
    `${summary.taskCount} tasks, ${summary.sampleCount} samples, ${summary.programCount} different programs`,
  ]
  const sections = [renderScores(summary), renderNotes(summary), renderFailures(failures, 0)]
  return renderPage(`Evaluation: ${summary.problems}`, notes, sections)
}

function renderScores({ base, plus, statuses, passAtK, isolation }: EvaluationSummary): string {
  const row = (name: string, score: Score, rates: Record<string, number>, counts: object) => {
    const more = Object.entries(rates)
      .filter(([k]) => k !== 'pass@1')
      .map(([k, value]) => `${k} ${formatPercent(value)}`)
    const shown = Object.entries(counts).map(([status, count]) => `${count} ${status}`)
    return `<tr><td>${name}</td><td class="number">${formatPercent(score.value)}</td><td class="number">${score.interval.map(formatPercent).join(' to ')}</td><td>${more.join(', ')}</td><td>${shown.join(', ')}</td></tr>`
  }
  const rows = [row('base', base, passAtK.base, statuses.base)]
  if (plus !== undefined) {
    rows.push(row('base and plus', plus, passAtK.plus ?? {}, statuses.plus ?? {}))
  }
  return `<section><h2>Scores</h2><table><thead><tr><th>tests</th><th class="number">pass@1</th><th class="number">95 % interval (Wilson)</th><th></th><th>samples</th></tr></thead><tbody>${rows.join('')}</tbody></table><p class="soft below">Isolation of the programs: ${escapeHtml(isolation)}.</p></section>`
}

function renderNotes({ warnings, timeSensitive, missingTasks }: EvaluationSummary): string {
  const notes = [...warnings]
  if (timeSensitive.length > 0) {
    notes.push(
      `near a time limit, so that another machine may judge otherwise: ${timeSensitive.join(', ')}`,
    )
  }
  if (missingTasks.length > 0) notes.push(`without a sample: ${missingTasks.join(', ')}`)
  if (notes.length === 0) return ''
  return `<section><h2>Notes</h2>${notes.map((note) => `<p>${escapeHtml(note)}</p>`).join('')}</section>`
}
