import type { DatasetCounts, Span } from '../../plan/index.ts'
import { memoryLimit } from '../check-memory.ts'
import type { LossOptions } from '../options.ts'
import { predictLossMemory } from './check-loss-memory.ts'
import { openTokenizer } from './open-subject.ts'
import { planSamples } from './planned-samples.ts'

export interface LossForecast {
  data: DatasetCounts[]
  samples: number
  /** Tokens of all rows before hidden ones are left out. */
  tokens: number
  /** Tokens that are computed. */
  tokensKept: number
  /** Resident memory of the process at its peak, on this machine as it is now. */
  estimatedBytes: number
}

/** What `measureLoss` would compute, from the tokenizer and the sizes of the model. */
export async function forecastLoss(
  options: LossOptions,
  { signal }: { signal?: AbortSignal } = {},
): Promise<LossForecast> {
  const tokenizer = await openTokenizer(options)
  const counts = { data: [] as DatasetCounts[], samples: 0, tokens: 0, tokensKept: 0 }
  async function* counted() {
    for await (const sample of planSamples(options, tokenizer, counts.data, signal)) {
      const { rows } = sample.microBatch
      counts.samples += 1
      counts.tokens += sample.ids.length * rows.length
      counts.tokensKept += rows.reduce((sum, { spans }) => sum + widthOf(spans), 0)
      yield sample
    }
  }
  const { bytes } = await predictLossMemory(options, tokenizer, memoryLimit(), counted())
  return { ...counts, estimatedBytes: bytes }
}

const widthOf = (spans: readonly Span[]) =>
  spans.reduce((sum, [start, end]) => sum + end - start, 0)
