import { InputError } from '../../../core/index.ts'
import { parseDecoderConfig, readAdapterConfig } from '../../../nn/models/index.ts'
import type { Tokenizer } from '../../../nn/tokenizer/index.ts'
import { readSourceConfig } from '../../../nn/weights/index.ts'
import type { PlannedStep } from '../../plan/index.ts'
import { inGib } from '../check-memory.ts'
import {
  type MemoryPrediction,
  type MemorySubject,
  predictMemory,
} from '../engines/onnx/predict-memory.ts'
import type { LossOptions } from '../options.ts'
import { type PlannedSample, planSamples } from './planned-samples.ts'

/** Predicts the memory of a loss from its samples; `limit` as in `predictMemory`. */
export async function predictLossMemory(
  options: LossOptions,
  tokenizer: Tokenizer,
  limit: number,
  samples: AsyncIterable<PlannedSample>,
): Promise<MemoryPrediction> {
  const subject = await subjectOf(options, tokenizer)
  const plan = samplesAsSteps(options, samples)
  return predictMemory(subject, plan, Number.POSITIVE_INFINITY, limit)
}

/**
 * As `predictLossMemory`, for a loss that is about to be measured: its samples are read for it.
 *
 * @throws `RC_NOT_ENOUGH_MEMORY` with what is needed, what there is and what needs less
 */
export async function checkLossMemory(
  options: LossOptions,
  tokenizer: Tokenizer,
  limit: number,
  signal?: AbortSignal,
): Promise<MemoryPrediction> {
  const predict = (given: LossOptions) =>
    predictLossMemory(given, tokenizer, limit, planSamples(given, tokenizer, [], signal))
  const prediction = await predict(options)
  if (prediction.bytes <= limit) return prediction
  const { bytes } = await predict({ ...options, activations: 'recompute' })
  const enough = bytes <= limit
  throw new InputError(
    `the loss and its gradient need ${inGib(prediction.bytes)} of memory, and this machine has ${inGib(limit)} free`,
    {
      code: 'RC_NOT_ENOUGH_MEMORY',
      hint: enough
        ? `Give --activations recompute, which needs ${inGib(bytes)}, or free memory.`
        : `Free memory, or take a smaller model or a smaller --max-length; no value of --activations needs less than ${inGib(bytes)} here.`,
    },
  )
}

/** Every sample as a step, whose tokens are those that were read last. */
function samplesAsSteps({ maskRate }: LossOptions, samples: AsyncIterable<PlannedSample>) {
  let current: Int32Array = new Int32Array()
  return {
    async *steps(): AsyncGenerator<PlannedStep> {
      let step = 0
      for await (const { ids, microBatch } of samples) {
        current = ids
        yield { step, epoch: 0, learningRate: 0, maskRate, microBatches: [microBatch] }
        step += 1
      }
    },
    sampleTokens: () => current,
  }
}

async function subjectOf(
  { model, adapter, threads, activations }: LossOptions,
  { size }: Tokenizer,
): Promise<MemorySubject> {
  const config = parseDecoderConfig(await readSourceConfig(model), model)
  const vocabularySize = Math.max(config.vocabularySize, size)
  return {
    work: 'loss',
    config: { ...config, vocabularySize },
    threads,
    activations,
    ...(adapter === undefined ? {} : { adapter: await readAdapterConfig(adapter) }),
  }
}
