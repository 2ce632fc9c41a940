import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSourceConfig } from '../../nn/weights/index.ts'
import { createPlan, type PlanContext } from './create-plan.ts'
import { estimateMemoryBytes, estimateStepFlops, readModelShape } from './estimate-cost.ts'
import type { PlanCounts, PlannedDataset, PlannedStep } from './format.ts'
import type { PlanOptions } from './options.ts'
import { readPlan } from './read-plan.ts'
import { countPositions } from './spans.ts'

/** What training by a plan will take. */
export interface PlanForecast {
  counts: PlanCounts
  data: PlannedDataset[]
  /** Mean number of computed tokens of a step. */
  tokensPerStep: number
  /** Tokens that are left out because they are hidden. */
  tokensSaved: number
  /** Floating-point operations of the run; null when the model's sizes are not known. */
  flops: number | null
  /** Seconds at `flopsPerSecond`, loading and writing not counted. */
  seconds: number | null
  flopsPerSecond: number
  /** Peak memory of full fine-tuning in float32. */
  memoryBytes: number | null
}

export interface ForecastSettings {
  /** Sustained speed; default 1.5e11, about two CPU cores with AVX-512 in float32. */
  flopsPerSecond?: number
  /** Tokens computed together, if a micro-batch has not more by itself; default 1024, as `train`. */
  tokensPerRun?: number
  /** Model folder; default the one that the plan was made for. */
  model?: string
}

/**
 * Forecasts a run from a plan folder, or from options, for which the plan is made in a temporary
 * folder and removed. Time and memory are estimates of a dense decoder; see `estimateStepFlops` and
 * `estimateMemoryBytes` for what they assume.
 */
export async function forecast(
  source: string | PlanOptions,
  settings: ForecastSettings = {},
  context: PlanContext = {},
): Promise<PlanForecast> {
  if (typeof source === 'string') return forecastPlan(source, settings)
  const temporary = await mkdtemp(join(tmpdir(), 'reflectioncoder-plan-'))
  try {
    await createPlan({ ...source, out: temporary, overwrite: false }, context)
    return await forecastPlan(temporary, settings)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

async function forecastPlan(folder: string, settings: ForecastSettings): Promise<PlanForecast> {
  const { flopsPerSecond = 1.5e11, tokensPerRun = 1024 } = settings
  const plan = await readPlan(folder)
  const { counts, data, config, vocabularySize } = plan.manifest
  const shape = readModelShape(
    await readSourceConfig(settings.model ?? config.model),
    vocabularySize,
  )
  let flops = 0
  let together = 0
  for await (const step of plan.steps()) {
    if (shape !== undefined) flops += estimateStepFlops(shape, step)
    together = Math.max(together, tokensTogether(step, tokensPerRun))
  }
  await plan.close()
  return {
    counts,
    data,
    tokensPerStep: counts.tokensKept / counts.steps,
    tokensSaved: counts.tokens - counts.tokensKept,
    flops: shape === undefined ? null : flops,
    seconds: shape === undefined ? null : flops / flopsPerSecond,
    flopsPerSecond,
    memoryBytes: shape === undefined ? null : estimateMemoryBytes(shape, together),
  }
}

/** Most tokens that are computed together: whole micro-batches up to a number of tokens. */
function tokensTogether({ microBatches }: PlannedStep, tokensPerRun: number): number {
  const sizes = microBatches.map(({ rows }) =>
    rows.reduce((sum, { spans }) => sum + countPositions(spans), 0),
  )
  const all = sizes.reduce((sum, size) => sum + size, 0)
  return Math.max(Math.min(all, tokensPerRun), ...sizes)
}
