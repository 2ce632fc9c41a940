import { openLineJournal } from '../../core/index.ts'

/** One finished sample. */
export interface FinishedSample {
  taskId: string
  solution: string
  newTokens: number
  /** Whether the model had not come to an end at `maxNewTokens`. */
  cutOff: boolean
}

/** Samples of a generation in progress, batch by batch on the disk. */
export interface PartialSamples {
  /** Finished samples in order; whole batches only. */
  readonly samples: readonly FinishedSample[]
  addBatch(samples: readonly FinishedSample[]): Promise<void>
  close(): Promise<void>
  /** Closes and removes the file. */
  remove(): Promise<void>
}

/**
 * Opens the file of a generation in progress; with `resume` what is in it is taken over, a batch
 * that was cut off is dropped.
 *
 * @throws InputError `RC_RESUME_MISMATCH` when it was written with another model, problems or options.
 */
export async function openPartialSamples(
  path: string,
  fingerprint: string,
  resume: boolean,
): Promise<PartialSamples> {
  const samples: FinishedSample[] = []
  const lines = await openLineJournal<readonly FinishedSample[]>({
    path,
    fingerprint,
    resume,
    onEntry: (batch) => samples.push(...batch),
  })
  return {
    samples,
    async addBatch(batch) {
      samples.push(...batch)
      await lines.append(batch)
    },
    close: () => lines.close(),
    remove: () => lines.remove(),
  }
}
