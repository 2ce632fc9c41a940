import { forecast, type PlanForecast, type PlanOptions } from '../../stages/plan/index.ts'
import { forecastTrainMemory, type TrainOptions } from '../../stages/train/index.ts'
import type { CommandContext, CommandResult } from './command.ts'
import { formatBytes, formatDuration, formatSummary } from './format.ts'

/** What `plan --dry-run` adds: the counts of the plan, made in a temporary folder. */
export async function forecastPlan(
  values: unknown,
  { progress, signal }: CommandContext,
): Promise<CommandResult> {
  const options = values as PlanOptions
  return renderForecast(options, await forecast(options, {}, { progress, signal }))
}

/** What `train --dry-run` adds, from the plan alone. */
export async function forecastTrain(values: unknown): Promise<CommandResult> {
  const options = values as TrainOptions
  const { model, tokensPerRun } = options
  const planned = await forecast(options.plan, { model, tokensPerRun })
  const memoryBytes = planned.memoryBytes === null ? null : await forecastTrainMemory(options)
  return renderForecast(options, { ...planned, memoryBytes }, 'at the peak')
}

function renderForecast(
  options: object,
  planned: PlanForecast,
  assumed = 'layers computed again',
): CommandResult {
  const { counts, tokensPerStep, tokensSaved, seconds, memoryBytes, flopsPerSecond } = planned
  const shown = {
    ...counts,
    tokensPerStep: Math.round(tokensPerStep),
    savedByDropping: tokensSaved / Math.max(1, counts.tokens),
  }
  const unknown = 'unknown, because config.json lacks a size'
  const rate = `${Math.round(flopsPerSecond / 1e9)} GFLOP/s`
  const text = formatSummary({
    options,
    forecast: {
      ...shown,
      time:
        seconds === null
          ? unknown
          : `about ${formatDuration(seconds)}, at ${rate}; small models take longer`,
      memory: memoryBytes === null ? unknown : `${formatBytes(memoryBytes)}, ${assumed}`,
    },
  })
  const estimates = { estimatedSeconds: seconds, estimatedBytes: memoryBytes }
  return { summary: { options, forecast: { ...shown, ...estimates } }, text }
}
