import { createJsonLinesWriter, type JsonLinesWriter } from '../../data/datasets/index.ts'
import type { Journal, JournalEntry } from './journal.ts'
import { decodeSignature, similarity } from './keep/min-hash.ts'
import { type NearDuplicateIndex, openNearDuplicateIndex } from './keep/near-duplicate-index.ts'
import type { SynthOptions } from './options.ts'
import { createTally, type Tally } from './tally.ts'

/**
 * Writes what the journal holds, ordered by instruction: the dialogs, and as asked for the dropped
 * samples and the recording. Of near-duplicates the first is kept.
 */
export async function assembleOutput(
  journal: Journal,
  total: number,
  options: SynthOptions,
): Promise<Tally> {
  const tally = createTally()
  const threshold = resolveThreshold(options)
  const index =
    threshold < 1 ? await openNearDuplicateIndex(`${options.out}.near-duplicates`) : undefined
  try {
    await writeEntries(journal, total, options, tally, (entry) =>
      findOriginal(entry, index, journal, threshold),
    )
  } finally {
    await index?.dispose()
  }
  return tally
}

/** Number of an earlier sample that an entry is a near-duplicate of; others are remembered. */
async function findOriginal(
  { index: number, signatures = [] }: JournalEntry,
  index: NearDuplicateIndex | undefined,
  journal: Journal,
  threshold: number,
): Promise<number | undefined> {
  if (index === undefined) return undefined
  const decoded = signatures.map(decodeSignature)
  const { candidates, remember } = await index.lookUp(decoded)
  for (const [part, signature] of decoded.entries()) {
    for (const candidate of candidates[part] ?? []) {
      const other = (await journal.read(candidate))?.signatures?.[part]
      if (other && similarity(signature, decodeSignature(other)) >= threshold) return candidate
    }
  }
  await remember(number)
  return undefined
}

async function writeEntries(
  journal: Journal,
  total: number,
  options: SynthOptions,
  tally: Tally,
  findOriginalOf: (entry: JournalEntry) => Promise<number | undefined>,
): Promise<void> {
  await withWriters(
    [options.out, options.keepDropped ? `${options.out}.dropped.jsonl` : '', options.record ?? ''],
    async ([dialogs, dropped, record]) => {
      for (let index = 0; index < total; index++) {
        const entry = await journal.read(index)
        if (entry === undefined) continue
        const { id, outcome, spent } = entry
        for (const [call, reply] of (entry.replies ?? []).entries()) {
          await record?.write({ id, call, reply })
        }
        const first = outcome.kept ? await findOriginalOf(entry) : undefined
        if (outcome.kept && first === undefined) {
          tally.keep(outcome.rounds, spent)
          await dialogs?.write(outcome.dialog)
          continue
        }
        const reason = outcome.kept ? 'near-duplicate' : outcome.reason
        const detail = outcome.kept ? `of instruction ${(first ?? 0) + 1}` : outcome.detail
        tally.drop(reason, spent)
        await dropped?.write({ id, reason, detail, rounds: outcome.rounds, dialog: outcome.dialog })
      }
    },
  )
}

export function resolveThreshold({ nearDuplicates, teacher }: SynthOptions): number {
  return nearDuplicates ?? (teacher === 'scripted' ? 1 : 0.7)
}

/** Opens a writer for each path that is not empty; all files appear at the end, or none does. */
async function withWriters(
  paths: readonly string[],
  work: (writers: readonly (JsonLinesWriter | undefined)[]) => Promise<void>,
): Promise<void> {
  const writers: (JsonLinesWriter | undefined)[] = []
  try {
    for (const path of paths) {
      writers.push(path === '' ? undefined : await createJsonLinesWriter(path))
    }
    await work(writers)
    // The output comes last: where it is, the others are.
    for (const writer of writers.toReversed()) await writer?.commit()
  } finally {
    for (const writer of writers) await writer?.discard()
  }
}
