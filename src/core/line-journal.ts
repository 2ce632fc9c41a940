import { open, readFile, rm, truncate } from 'node:fs/promises'
import { writeError, writeFileAtomic } from './atomic-files.ts'
import { InputError } from './errors.ts'

/** What a run has finished so far, one JSON line an entry, on the disk as soon as it is there. */
export interface LineJournal<Entry> {
  append(entry: Entry): Promise<void>
  close(): Promise<void>
  /** Closes and removes the file. */
  remove(): Promise<void>
}

export interface LineJournalOptions<Entry> {
  path: string
  /** What shaped the run; the journal of another one is refused. */
  fingerprint: string
  /** Go on with what is there, in place of beginning anew. */
  resume: boolean
  /** Sees each entry that is there already, in order. */
  onEntry(entry: Entry): unknown
}

/**
 * Opens the journal of a run. A last line that a sudden end has cut off is dropped; whole lines stay
 * where they are, so that nothing is lost whenever the process ends.
 *
 * @throws InputError `RC_RESUME_MISMATCH` when it was written with another fingerprint
 */
export async function openLineJournal<Entry>(
  options: LineJournalOptions<Entry>,
): Promise<LineJournal<Entry>> {
  const { path, fingerprint, resume, onEntry } = options
  const bytes = resume ? await readFile(path).catch(() => Buffer.alloc(0)) : Buffer.alloc(0)
  const end = bytes.lastIndexOf('\n') + 1
  const [head, ...lines] = bytes.toString('utf8', 0, end).split('\n').slice(0, -1)
  if (head === undefined) await writeFileAtomic(path, `${JSON.stringify({ fingerprint })}\n`)
  else if (head !== JSON.stringify({ fingerprint })) throw otherRun(path)
  else await truncate(path, end)
  for (const line of lines) onEntry(JSON.parse(line) as Entry)
  const file = await open(path, 'a')
  return {
    async append(entry) {
      const line = `${JSON.stringify(entry)}\n`
      await file.appendFile(line).catch((cause) => Promise.reject(writeError(path, cause)))
    },
    close: () => file.close(),
    async remove() {
      await file.close()
      await rm(path, { force: true })
    },
  }
}

function otherRun(path: string): InputError {
  return new InputError(`${path} was written with other inputs or options`, {
    code: 'RC_RESUME_MISMATCH',
    hint: 'Resume with the same inputs and options, or start anew with --overwrite.',
  })
}
