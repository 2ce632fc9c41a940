import type { LossSummary, SampleLoss } from '../../stages/train/index.ts'
import { lossOptionsSchema } from '../../stages/train/options.ts'
import { findModel } from '../pipeline/index.ts'
import { defineCommand } from './command.ts'
import { formatBytes, formatDuration, formatSummary } from './format.ts'

/** `reflectioncoder loss`. */
export const lossCommand = defineCommand({
  schema: lossOptionsSchema,
  async run(given, { terminal: _, ...context }) {
    const { measureLoss } = await import('../../stages/train/index.ts')
    const options = await findModel(given, { ...context, adapters: true })
    const summary = await measureLoss(options, context)
    return { summary, text: renderLoss(summary) }
  },
  async forecast(given, { progress, signal, hub }) {
    const { forecastLoss } = await import('../../stages/train/index.ts')
    const options = await findModel(given, { hub, progress, signal, adapters: true })
    const forecast = await forecastLoss(options, { signal })
    const { estimatedBytes, ...counts } = forecast
    const shown = { ...counts, memory: `${formatBytes(estimatedBytes)} at the peak` }
    return { summary: { options, forecast }, text: formatSummary({ options, forecast: shown }) }
  },
})

function renderLoss({ samples, data, seconds, settings: _, ...figures }: LossSummary): string {
  const counts = data.map(({ path, samples: read, dropped }) => {
    const note = dropped > 0 ? `, ${dropped} longer than maxLength left out` : ''
    return `${path}: ${read} samples${note}`
  })
  const table = samples === undefined ? [] : [renderSamples(samples)]
  return [...counts, ...table, formatSummary({ ...figures, time: formatDuration(seconds) })].join(
    '\n\n',
  )
}

const columns = [
  ['sample', ({ id }) => String(id)],
  ['tokens', ({ tokens }) => String(tokens)],
  ['loss', ({ loss }) => formatNats(loss)],
  ['CE', ({ crossEntropy }) => formatNats(crossEntropy)],
  ['teacher CE', ({ teacherCrossEntropy }) => formatNats(teacherCrossEntropy)],
  ['student CE', ({ studentCrossEntropy }) => formatNats(studentCrossEntropy)],
  ['KL', ({ klDivergence }) => formatNats(klDivergence)],
] as const satisfies readonly (readonly [string, (sample: SampleLoss) => string])[]

function renderSamples(samples: readonly SampleLoss[]): string {
  const rows = [
    columns.map(([title]) => title),
    ...samples.map((sample) => columns.map(([, render]) => render(sample))),
  ]
  const widths = columns.map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, (row[column] as string).length), 0),
  )
  return rows
    .map((row) => row.map((cell, column) => cell.padStart(widths[column] as number)).join('  '))
    .join('\n')
}

const formatNats = (value: number | null) => (value === null ? '–' : value.toFixed(5))
