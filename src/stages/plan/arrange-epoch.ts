import { createRandom, type Random } from '../../core/index.ts'

/** The samples of one listed file, which lie next to each other. */
export interface SampleRange {
  first: number
  count: number
}

export interface ArrangedMicroBatch {
  dataset: number
  samples: number[]
}

/**
 * The micro-batches of one pass: each listed file is grouped by length on its own, then the
 * micro-batches of all files are shuffled together. Every sample of every listed file occurs once;
 * the last micro-batch of a file may be smaller.
 */
export function arrangeEpoch(
  datasets: readonly SampleRange[],
  lengthOf: (sample: number) => number,
  { epoch, microBatchSize, seed }: { epoch: number; microBatchSize: number; seed: number },
): ArrangedMicroBatch[] {
  const microBatches = datasets.flatMap(({ first, count }, dataset) => {
    const random = createRandom(seed, 'order', epoch, dataset)
    const samples = groupByLength(first, count, lengthOf, microBatchSize, random)
    return split(samples, microBatchSize).map((part) => ({ dataset, samples: part }))
  })
  return createRandom(seed, 'micro-batches', epoch).shuffle(microBatches)
}

/** Number of micro-batches of one pass. */
export function countMicroBatches(datasets: readonly SampleRange[], size: number): number {
  return datasets.reduce((sum, { count }) => sum + Math.ceil(count / size), 0)
}

/**
 * Random order in which neighbours are of like length: of a permutation, stretches of several
 * micro-batches are sorted from long to short, as transformers' length-grouped sampler does.
 */
function groupByLength(
  first: number,
  count: number,
  lengthOf: (sample: number) => number,
  batch: number,
  random: Random,
): number[] {
  const samples = random.shuffle(Array.from({ length: count }, (_, index) => first + index))
  const batches = Math.min(Math.floor(count / (batch * 4)), 50) || 1
  return split(samples, batches * batch).flatMap((stretch) =>
    stretch.sort((a, b) => lengthOf(b) - lengthOf(a)),
  )
}

function split<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = []
  for (let start = 0; start < items.length; start += size) {
    parts.push(items.slice(start, start + size))
  }
  return parts
}
