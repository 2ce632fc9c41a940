import { hashFile, InputError, type Progress } from '../../core/index.ts'
import { isReflection } from '../../data/dialog/index.ts'
import { type Encoder, encodeDialog } from './encode-dialog.ts'
import type { PlannedDataset } from './format.ts'
import { readDialogFile, spellsToken } from './read-dialog-file.ts'
import type { TokenStore } from './token-store.ts'

export interface CollectedData {
  /** One entry a listed file. */
  datasets: (PlannedDataset & { first: number })[]
  isReflection(sample: number): boolean
}

/**
 * Tokenises every file once, in the order of the list, into the store. Samples longer than
 * `maxLength` are dropped and counted.
 *
 * @throws `RC_EMPTY_DATA` for a file without samples, `RC_ALL_DROPPED` when none is short enough,
 * and what the readers of files throw.
 */
export async function collectSamples(
  { data, maxLength }: { data: readonly string[]; maxLength: number },
  encoder: Encoder,
  store: TokenStore,
  { progress, signal }: { progress: Progress; signal?: AbortSignal | undefined },
): Promise<CollectedData> {
  const reflections = new Set<number>()
  const files = new Map<string, PlannedDataset & { first: number }>()
  const task = progress.start('tokenise', 0)
  for (const path of new Set(data)) {
    const dataset = emptyDataset(path, store.samples)
    const lengths = new LengthRange()
    for await (const { dialog } of readDialogFile(path, signal)) {
      if (dialog === undefined) {
        dataset.unanswered += 1
        continue
      }
      const ids = encodeDialog(dialog, encoder)
      lengths.add(ids.length)
      if (ids.length > maxLength) {
        dataset.dropped += 1
        continue
      }
      if (spellsToken(dialog)) dataset.spelledTokens += 1
      dataset[isReflection(dialog) ? 'reflection' : 'plain'] += 1
      dataset.samples += 1
      if (isReflection(dialog)) reflections.add(store.samples)
      await store.append(ids)
      task.update(store.samples)
    }
    refuseEmpty(dataset, lengths, maxLength)
    dataset.sha256 = await hashFile(path)
    files.set(path, dataset)
  }
  task.finish(`${store.samples} samples`)
  return {
    datasets: data.map((path) => files.get(path)!),
    isReflection: (sample) => reflections.has(sample),
  }
}

function emptyDataset(path: string, first: number): PlannedDataset & { first: number } {
  const counts = { samples: 0, reflection: 0, plain: 0, dropped: 0, unanswered: 0 }
  return { path, sha256: '', ...counts, spelledTokens: 0, first }
}

class LengthRange {
  shortest = Number.POSITIVE_INFINITY

  add(length: number): void {
    this.shortest = Math.min(this.shortest, length)
  }
}

function refuseEmpty(dataset: PlannedDataset, lengths: LengthRange, maxLength: number): void {
  if (dataset.samples > 0) return
  const { path, dropped, unanswered } = dataset
  if (dropped > 0) {
    throw new InputError(
      `all ${dropped} samples of ${path} are longer than ${maxLength} tokens; the shortest has ${lengths.shortest}`,
      { code: 'RC_ALL_DROPPED', hint: `Raise --max-length to at least ${lengths.shortest}.` },
    )
  }
  throw new InputError(
    unanswered > 0
      ? `none of the ${unanswered} records of ${path} has an answer to learn`
      : `${path} holds no samples`,
    { code: 'RC_EMPTY_DATA', hint: 'Take the file off --data, or give one with samples.' },
  )
}
