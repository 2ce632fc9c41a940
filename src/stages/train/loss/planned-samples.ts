import type { Tokenizer } from '../../../nn/tokenizer/index.ts'
import {
  type DatasetCounts,
  emptyCounts,
  type MicroBatch,
  planSample,
  readSamples,
  type SampleOrigin,
} from '../../plan/index.ts'
import type { LossOptions } from '../options.ts'

/** A sample as a micro-batch of its own. */
export interface PlannedSample {
  readonly origin: SampleOrigin
  readonly ids: Int32Array
  readonly microBatch: MicroBatch
}

/**
 * Reads and plans the samples of all files, one in memory at a time, and adds an entry a file to
 * `counts`. The masks that are drawn are those of a plan of these files with the same seed, in its
 * first pass.
 */
export async function* planSamples(
  { data, maxLength, ...options }: LossOptions,
  tokenizer: Tokenizer,
  counts: DatasetCounts[],
  signal?: AbortSignal,
): AsyncGenerator<PlannedSample> {
  const settings = { ...options, distillation: true }
  let sample = 0
  for (const [dataset, path] of data.entries()) {
    const ofFile = emptyCounts(path)
    counts.push(ofFile)
    for await (const read of readSamples(ofFile, tokenizer, { maxLength, signal })) {
      const { origin, reflection } = read
      const ids = Int32Array.from(read.ids)
      const occurrence = { epoch: 0, dataset, sample, reflection }
      yield { origin, ids, microBatch: planSample(ids, tokenizer.specialIds, occurrence, settings) }
      sample += 1
    }
  }
}
