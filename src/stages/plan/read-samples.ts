import { InputError } from '../../core/index.ts'
import { type Dialog, isReflection } from '../../data/dialog/index.ts'
import { type Encoder, encodeDialog } from './encode-dialog.ts'
import type { PlannedDataset } from './format.ts'
import { readDialogFile, spellsToken } from './read-dialog-file.ts'
import type { SampleOrigin } from './sample-origin.ts'

/** A tokenised dialog. */
export interface ReadSample {
  readonly origin: SampleOrigin
  readonly ids: readonly number[]
  readonly reflection: boolean
}

/** What a file held, counted while it is read. */
export type DatasetCounts = Omit<PlannedDataset, 'sha256'>

export function emptyCounts(path: string): DatasetCounts {
  const none = { samples: 0, reflection: 0, plain: 0, dropped: 0, unanswered: 0 }
  return { path, ...none, spelledTokens: 0 }
}

/**
 * Tokenises a file of dialogs, or of plain instruction data, sample by sample, and counts in
 * `counts`. Samples longer than `maxLength` are left out and counted.
 *
 * @throws `RC_EMPTY_DATA` for a file without samples, `RC_ALL_DROPPED` when none is short enough,
 * and what the readers of files throw
 */
export async function* readSamples(
  counts: DatasetCounts,
  encoder: Encoder,
  { maxLength, signal }: { maxLength: number; signal?: AbortSignal | undefined },
): AsyncGenerator<ReadSample> {
  const { path } = counts
  let shortest = Number.POSITIVE_INFINITY
  for await (const { line, dialog } of readDialogFile(path, signal)) {
    if (dialog === undefined) {
      counts.unanswered += 1
      continue
    }
    const ids = encodeDialog(dialog, encoder)
    shortest = Math.min(shortest, ids.length)
    if (ids.length > maxLength) {
      counts.dropped += 1
      continue
    }
    const reflection = isReflection(dialog)
    if (spellsToken(dialog)) counts.spelledTokens += 1
    counts[reflection ? 'reflection' : 'plain'] += 1
    counts.samples += 1
    yield { origin: originOf(path, line, dialog), ids, reflection }
  }
  refuseEmpty(counts, shortest, maxLength)
}

function originOf(file: string, line: number, { id }: Dialog): SampleOrigin {
  const isNamed = (typeof id === 'string' && id !== '') || typeof id === 'number'
  return isNamed ? { file, line, id } : { file, line }
}

function refuseEmpty(counts: DatasetCounts, shortest: number, maxLength: number): void {
  if (counts.samples > 0) return
  const { path, dropped, unanswered } = counts
  if (dropped > 0) {
    throw new InputError(
      `all ${dropped} samples of ${path} are longer than ${maxLength} tokens; the shortest has ${shortest}`,
      { code: 'RC_ALL_DROPPED', hint: `Raise --max-length to at least ${shortest}.` },
    )
  }
  throw new InputError(
    unanswered > 0
      ? `none of the ${unanswered} records of ${path} has an answer to learn`
      : `${path} holds no samples`,
    { code: 'RC_EMPTY_DATA', hint: 'Leave the file out, or give one with samples.' },
  )
}
