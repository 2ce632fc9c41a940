import { type FileHandle, open, readFile, rm } from 'node:fs/promises'
import { InputError, writeFileAtomic } from '../../core/index.ts'
import type { Outcome } from './write-dialog.ts'

/** One finished instruction. */
export interface JournalEntry {
  readonly id: string
  readonly outcome: Outcome
}

/** What was finished, in the order of the instructions; an entry is one line, written at once. */
export interface Journal {
  readonly entries: readonly JournalEntry[]
  append(entry: JournalEntry): Promise<void>
  close(): Promise<void>
  remove(): Promise<void>
}

/**
 * Opens the journal of a run; a line that was cut by a sudden end is dropped.
 *
 * @param key what shaped the run; a journal of another run is refused
 * @throws `RC_OTHER_RUN`
 */
export async function openJournal(path: string, key: string, resume: boolean): Promise<Journal> {
  const head = JSON.stringify({ key })
  const [found, ...lines] = resume ? wholeLines(await readFile(path, 'utf8').catch(() => '')) : []
  if (found !== undefined && found !== head) {
    throw new InputError(`${path} belongs to a run with other options or instructions`, {
      code: 'RC_OTHER_RUN',
      hint: 'Give the options of that run, or --overwrite to start anew.',
    })
  }
  await writeFileAtomic(path, `${[head, ...lines].join('\n')}\n`)
  const handle: FileHandle = await open(path, 'a')
  const entries = lines.map((line) => JSON.parse(line) as JournalEntry)
  return {
    entries,
    async append(entry) {
      await handle.appendFile(`${JSON.stringify(entry)}\n`)
      entries.push(entry)
    },
    close: () => handle.close(),
    remove: () => rm(path, { force: true }),
  }
}

const wholeLines = (text: string) =>
  text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
