import { renderFailures } from './failing-samples.ts'
import { escapeHtml, formatPercent, formatPoints } from './html.ts'
import { renderLineChart } from './line-chart.ts'
import { renderPage } from './page.ts'
import type {
  ModelComparison,
  ModelScore,
  ReportInput,
  StepRecord,
  TrainingCurve,
} from './report-input.ts'
import { renderScoreBars } from './score-bars.ts'

/** Renders a run as one HTML page that loads nothing from elsewhere. */
export function renderReport(input: ReportInput): string {
  return renderPage(
    input.title,
    [input.description, input.createdAt],
    [
      renderScores(input.scores, input.comparisons),
      ...input.curves.map(renderCurves),
      renderFailures(input.failures, input.failuresLeftOut),
      renderSteps(input.steps),
      renderSetting(input),
    ],
  )
}

function renderScores(
  scores: readonly ModelScore[],
  comparisons: readonly ModelComparison[],
): string {
  if (scores.length === 0) return ''
  const rows = scores.map(({ name, summary }) => {
    const { statuses } = summary
    const { value, interval } = summary.plus ?? summary.base
    const counts = statuses.plus ?? statuses.base
    return `<tr><td>${escapeHtml(name)}</td><td class="number">${formatPercent(value)}</td><td class="number">${interval.map(formatPercent).join(' to ')}</td><td class="number">${formatPercent(summary.base.value)}</td><td class="number">${summary.taskCount}</td><td class="number">${counts.timeout}</td></tr>`
  })
  const isolation = [...new Set(scores.map(({ summary }) => summary.isolation))].join(', ')
  return `<section><h2>Scores</h2>${renderScoreBars(scores)}
<table><thead><tr><th>model</th><th class="number">pass@1</th><th class="number">95 % interval (Wilson)</th><th class="number">base tests only</th><th class="number">tasks</th><th class="number">timeouts</th></tr></thead><tbody>${rows.join('')}</tbody></table>
${renderComparisons(comparisons)}<p class="soft below">Isolation of the programs: ${escapeHtml(isolation)}.</p></section>`
}

function renderComparisons(comparisons: readonly ModelComparison[]): string {
  if (comparisons.length === 0) return ''
  const rows = comparisons.map(({ before, after, comparison }) => {
    const { difference, interval, fixed, broken, pValue } = comparison
    return `<tr><td>${escapeHtml(after)} − ${escapeHtml(before)}</td><td class="number">${formatPoints(difference)}</td><td class="number">${interval.map(formatPoints).join(' to ')}</td><td class="number">${fixed.length}</td><td class="number">${broken.length}</td><td class="number">${pValue < 0.001 ? '&lt; 0.001' : pValue.toFixed(3)}</td></tr>`
  })
  return `<h3>Paired differences over the same tasks, in percentage points</h3><table><thead><tr><th>models</th><th class="number">difference</th><th class="number">95 % interval (Newcombe)</th><th class="number">fixed</th><th class="number">broken</th><th class="number">p (McNemar)</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}

function renderCurves({ name, metrics }: TrainingCurve): string {
  const tokens = metrics.reduce((sum, step) => sum + step.tokens, 0)
  const seconds = metrics.reduce((sum, step) => sum + step.seconds, 0)
  // Plain samples have no student view, so that nothing is masked whatever the schedule says.
  const distilled = metrics.some((step) => step.studentCrossEntropy !== null)
  const charts = [
    renderLineChart('Cross-entropy (nats)', [
      { name: 'all', colour: 1, values: metrics.map((step) => step.crossEntropy) },
      { name: 'teacher', colour: 2, values: metrics.map((step) => step.teacherCrossEntropy) },
      { name: 'student', colour: 3, values: metrics.map((step) => step.studentCrossEntropy) },
    ]),
    renderLineChart('KL(teacher ‖ student) (nats)', [
      { name: 'KL', colour: 4, values: metrics.map((step) => step.klDivergence) },
    ]),
    renderLineChart('Loss', [
      { name: 'loss', colour: 2, values: metrics.map((step) => step.loss) },
      {
        name: 'held-out samples',
        colour: 4,
        values: metrics.map((step) => step.validation?.loss ?? null),
        joined: true,
      },
    ]),
    renderLineChart('Held-out samples (nats)', [
      ...(
        [
          ['cross-entropy', 1, 'crossEntropy'],
          ['teacher', 2, 'teacherCrossEntropy'],
          ['student', 3, 'studentCrossEntropy'],
          ['KL', 4, 'klDivergence'],
        ] as const
      ).map(([series, colour, key]) => ({
        name: series,
        colour,
        values: metrics.map((step) => step.validation?.[key] ?? null),
        joined: true,
      })),
    ]),
    renderLineChart('Mask rate', [
      {
        name: 'mask rate',
        colour: 3,
        values: distilled ? metrics.map((step) => step.maskRate) : [],
      },
    ]),
    renderLineChart('Learning rate', [
      { name: 'rate', colour: 1, values: metrics.map((step) => step.learningRate) },
    ]),
    renderLineChart('Gradient norm before clipping', [
      { name: 'norm', colour: 1, values: metrics.map((step) => step.gradientNorm) },
    ]),
  ]
  const speed = seconds > 0 ? `, ${Math.round(tokens / seconds)} tokens a second` : ''
  return `<section><h2>Training: ${escapeHtml(name)}</h2><p class="soft">${metrics.length} steps, ${tokens} tokens${speed}</p><div class="charts">${charts.join('')}</div></section>`
}

function renderSteps(steps: readonly StepRecord[]): string {
  if (steps.length === 0) return ''
  const rows = steps.map(({ id, uses, seconds, peakMemoryBytes, summary }) => {
    const memory = peakMemoryBytes === null ? '–' : `${Math.round(peakMemoryBytes / 2 ** 20)} MiB`
    return `<tr><td>${escapeHtml(id)}</td><td>${escapeHtml(uses)}</td><td class="number">${seconds.toFixed(1)} s</td><td class="number">${memory}</td><td><details><summary class="soft">summary</summary><pre>${escapeHtml(JSON.stringify(summary, null, 2))}</pre></details></td></tr>`
  })
  const total = steps.reduce((sum, step) => sum + step.seconds, 0)
  return `<section><h2>Steps</h2><table><thead><tr><th>step</th><th>stage</th><th class="number">time</th><th class="number">peak memory</th><th></th></tr></thead><tbody>${rows.join('')}<tr><td><b>total</b></td><td></td><td class="number"><b>${total.toFixed(1)} s</b></td><td></td><td></td></tr></tbody></table></section>`
}

function renderSetting({ versions, recipe }: ReportInput): string {
  const rows = Object.entries(versions).map(
    ([name, version]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(version)}</td></tr>`,
  )
  return `<section><h2>Setting</h2><table>${rows.join('')}</table><h3>Resolved recipe</h3><pre>${escapeHtml(recipe)}</pre></section>`
}
