import { type AtomicWriter, hashFile, type Progress } from '../../core/index.ts'
import type { Encoder } from './encode-dialog.ts'
import type { PlannedDataset } from './format.ts'
import { emptyCounts, readSamples } from './read-samples.ts'
import type { TokenStore } from './token-store.ts'

export interface CollectedData {
  /** One entry a listed file. */
  datasets: (PlannedDataset & { first: number })[]
  isReflection(sample: number): boolean
}

/** Where collected samples go: their tokens, and a line each that says where they came from. */
export interface SampleSink {
  store: TokenStore
  origins: AtomicWriter
}

/**
 * Tokenises every file once, in the order of the list, into the store. Samples longer than
 * `maxLength` are dropped and counted. `label` names the work where progress is shown.
 *
 * @throws what `readSamples` throws
 */
export async function collectSamples(
  { label, data, maxLength }: { label: string; data: readonly string[]; maxLength: number },
  encoder: Encoder,
  { store, origins }: SampleSink,
  { progress, signal }: { progress: Progress; signal?: AbortSignal | undefined },
): Promise<CollectedData> {
  const reflections = new Set<number>()
  const files = new Map<string, PlannedDataset & { first: number }>()
  if (data.length === 0) return { datasets: [], isReflection: () => false }
  const task = progress.start(label, 0)
  const before = store.samples
  for (const path of new Set(data)) {
    const first = store.samples
    const counts = emptyCounts(path)
    for await (const { origin, ids, reflection } of readSamples(counts, encoder, {
      maxLength,
      signal,
    })) {
      if (reflection) reflections.add(store.samples)
      await store.append(ids)
      await origins.write(`${JSON.stringify(origin)}\n`)
      task.update(store.samples - before)
    }
    files.set(path, { ...counts, sha256: await hashFile(path), first })
  }
  task.finish(`${store.samples - before} samples`)
  return {
    datasets: data.map((path) => files.get(path)!),
    isReflection: (sample) => reflections.has(sample),
  }
}
