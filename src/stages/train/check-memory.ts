import { InputError } from '../../core/index.ts'
import { parseDecoderConfig } from '../../nn/models/index.ts'
import { readSourceConfig } from '../../nn/weights/index.ts'
import { type Plan, readPlan } from '../plan/index.ts'
import {
  type MemoryPrediction,
  type MemorySubject,
  predictMemory,
} from './engines/onnx/predict-memory.ts'
import type { TrainOptions } from './options.ts'

/** Bytes that this process may have in memory now, those that it has included. */
export function memoryLimit(): number {
  return process.availableMemory() + process.memoryUsage.rss()
}

/** Bytes that a run will have in memory at its peak, on this machine as it is now. */
export async function forecastTrainMemory(options: TrainOptions): Promise<number> {
  const plan = await readPlan(options.plan)
  try {
    return (await predictTrainMemory(options, plan, memoryLimit())).bytes
  } finally {
    await plan.close()
  }
}

/** Predicts the memory of a run by a plan; `limit` as in `predictMemory`. */
export async function predictTrainMemory(
  options: TrainOptions,
  plan: Plan,
  limit: number,
): Promise<MemoryPrediction> {
  return predictMemory(await subjectOf(options, plan), plan, options.tokensPerRun, limit)
}

/**
 * As `predictTrainMemory`, for a run that is about to begin.
 *
 * @throws `RC_NOT_ENOUGH_MEMORY` with what is needed, what there is and what needs less
 */
export async function checkTrainMemory(
  options: TrainOptions,
  plan: Plan,
  limit: number,
): Promise<MemoryPrediction> {
  const prediction = await predictTrainMemory(options, plan, limit)
  if (prediction.bytes <= limit) return prediction
  throw new InputError(
    `training needs ${inGib(prediction.bytes)} of memory, and this machine has ${inGib(limit)} free`,
    { code: 'RC_NOT_ENOUGH_MEMORY', hint: await suggest(options, plan, limit) },
  )
}

/** Options that need less, from the one that changes least, with what they need. */
async function suggest(options: TrainOptions, plan: Plan, limit: number): Promise<string> {
  const recompute = { flags: '--activations recompute', activations: 'recompute' } as const
  const single = { ...recompute, flags: `${recompute.flags} --tokens-per-run 1`, tokensPerRun: 1 }
  const changes = [recompute, single]
  const adapted = changes.map((change) => ({
    ...change,
    flags: `--lora-rank 8 ${change.flags}`,
    loraRank: 8,
  }))
  const all = options.loraRank > 0 ? changes : [...changes, ...adapted]
  let least = Number.POSITIVE_INFINITY
  for (const { flags, ...change } of all) {
    const { bytes } = await predictTrainMemory({ ...options, ...change }, plan, limit)
    if (bytes <= limit) return `Give ${flags}, which needs ${inGib(bytes)}, or free memory.`
    least = Math.min(least, bytes)
  }
  return `Free memory, or take a smaller model or shorter samples; no option needs less than ${inGib(least)} here.`
}

async function subjectOf(options: TrainOptions, { manifest }: Plan): Promise<MemorySubject> {
  const { model, threads, activations } = options
  const config = parseDecoderConfig(await readSourceConfig(model), model)
  const tokenIds = manifest.addedTokens.map(({ id }) => id)
  const vocabularySize = Math.max(config.vocabularySize, ...tokenIds.map((id) => id + 1))
  const { loraRank: rank, loraAlpha: alpha, loraDropout: dropout, loraTargets: targets } = options
  return {
    work: 'train',
    config: { ...config, vocabularySize },
    threads,
    activations,
    ...(rank > 0 ? { adapter: { rank, alpha, dropout, targets, tokenIds } } : {}),
  }
}

/** `9.6 GiB` */
export const inGib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(bytes < 2 ** 30 ? 2 : 1)} GiB`
