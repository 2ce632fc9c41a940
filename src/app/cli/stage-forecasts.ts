import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openModelFolder } from '../../nn/weights/index.ts'
import {
  createPlan,
  type PlanManifest,
  type PlanOptions,
  readManifest,
} from '../../stages/plan/index.ts'
import type { TrainOptions } from '../../stages/train/index.ts'
import type { CommandContext, CommandResult } from './command.ts'
import { formatBytes, formatDuration, formatSummary } from './format.ts'

/** Floating-point operations of training for each parameter and token: forward, backward, again. */
const operationsPerParameter = 8

/** Operations a second of one core in matrix products of a few hundred columns. */
const operationsPerSecond = 100e9

/** Weights, gradients and the two averages of AdamW, fp32. */
const bytesPerParameter = 16

/** What `plan --dry-run` adds: the counts of the plan, made in a temporary folder. */
export async function forecastPlan(
  values: unknown,
  { progress, signal }: CommandContext,
): Promise<CommandResult> {
  const options = values as PlanOptions
  const folder = await mkdtemp(join(tmpdir(), 'reflectioncoder-plan-'))
  try {
    const out = join(folder, 'plan')
    await createPlan({ ...options, out }, { progress, signal })
    return renderForecast(options, await forecastManifest(await readManifest(out), options.model))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What `train --dry-run` adds, from the plan alone. */
export async function forecastTrain(values: unknown): Promise<CommandResult> {
  const options = values as TrainOptions
  const manifest = await readManifest(options.plan)
  return renderForecast(options, await forecastManifest(manifest, options.model))
}

interface Forecast extends Record<string, unknown> {
  estimatedSeconds: number
  estimatedBytes: number
}

async function forecastManifest({ counts }: PlanManifest, model: string): Promise<Forecast> {
  const parameters = await countParameters(model)
  const operations = operationsPerParameter * parameters * counts.tokensKept
  return {
    ...counts,
    tokensPerStep: Math.round(counts.tokensKept / Math.max(1, counts.steps)),
    savedByDropping: 1 - counts.tokensKept / Math.max(1, counts.tokens),
    parameters,
    estimatedSeconds: operations / (operationsPerSecond * availableParallelism()),
    estimatedBytes: bytesPerParameter * parameters,
  }
}

async function countParameters(model: string): Promise<number> {
  const folder = await openModelFolder(model)
  try {
    const sizes = [...folder.tensors.values()].map(({ shape }) => shape.reduce((a, b) => a * b, 1))
    return sizes.reduce((a, b) => a + b, 0)
  } finally {
    await folder.close()
  }
}

function renderForecast(options: object, forecast: Forecast): CommandResult {
  const { estimatedSeconds, estimatedBytes, ...counts } = forecast
  const text = formatSummary({
    options,
    forecast: {
      ...counts,
      time: `about ${formatDuration(estimatedSeconds)}, at 100 GFLOP/s a core; small models take longer`,
      memory: `${formatBytes(estimatedBytes)} for weights, gradients and AdamW, and the activations`,
    },
  })
  return { summary: { options, forecast }, text }
}
