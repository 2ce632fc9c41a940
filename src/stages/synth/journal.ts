import { createReadStream } from 'node:fs'
import { type FileHandle, open, rm, truncate } from 'node:fs/promises'
import { groupWork, InputError, writeFileAtomic } from '../../core/index.ts'
import type { Spent } from './spent.ts'
import type { Outcome } from './write-dialog.ts'

/** One finished instruction. */
export interface JournalEntry {
  /** Place among the instructions, from 0. */
  readonly index: number
  readonly id: string
  readonly outcome: Outcome
  readonly spent?: Spent
  /** What near-duplicates are told by; see `minHash`. */
  readonly signatures?: readonly string[]
  readonly replies?: readonly unknown[]
}

/**
 * What was finished, in the order in which it was; an entry is one line, written at once. Entries
 * stay on the disk, only their places are in memory.
 */
export interface Journal {
  readonly size: number
  has(index: number): boolean
  append(entry: JournalEntry): Promise<void>
  read(index: number): Promise<JournalEntry | undefined>
  close(): Promise<void>
  remove(): Promise<void>
}

/**
 * Opens the journal of a run; a line that was cut by a sudden end is dropped.
 *
 * @param key what shaped the run; a journal of another run is refused
 * @param onEntry sees the entries that were there
 * @throws `RC_OTHER_RUN`
 */
export async function openJournal(
  path: string,
  key: string,
  anew: boolean,
  onEntry: (entry: JournalEntry) => void = () => {},
): Promise<Journal> {
  const head = JSON.stringify({ key })
  const places = createPlaces()
  let end = Buffer.byteLength(head) + 1
  let found = false
  if (!anew) {
    for await (const { text, start, next } of wholeLines(path)) {
      if (!found && text !== head) throw otherRun(path)
      if (found) {
        const entry = JSON.parse(text) as JournalEntry
        places.set(entry.index, start, next - start - 1)
        onEntry(entry)
      }
      found = true
      end = next
    }
  }
  if (found) await truncate(path, end)
  else await writeFileAtomic(path, `${head}\n`)
  const file: FileHandle = await open(path, 'a+')
  const append = groupWork<JournalEntry>(async (entries) => {
    const lines = entries.map((entry) => Buffer.from(`${JSON.stringify(entry)}\n`))
    await file.appendFile(Buffer.concat(lines)).catch(async (error) => {
      // A full disk: whoever goes on shall not find half a line in the middle.
      await file.truncate(end).catch(() => {})
      throw error
    })
    for (const [at, entry] of entries.entries()) {
      const { length } = lines[at] as Buffer
      places.set(entry.index, end, length - 1)
      end += length
    }
  })
  return {
    get size() {
      return places.size
    },
    has: (index) => places.get(index) !== undefined,
    append,
    async read(index) {
      const place = places.get(index)
      if (place === undefined) return undefined
      const line = Buffer.alloc(place.length)
      await file.read(line, 0, place.length, place.start)
      return JSON.parse(line.toString('utf8')) as JournalEntry
    },
    close: () => file.close(),
    remove: () => rm(path, { force: true }),
  }
}

/** Lines with a line end, and where they stand in bytes. */
async function* wholeLines(path: string) {
  let rest: Buffer = Buffer.alloc(0)
  let start = 0
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer])
      let from = 0
      for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10, from)) {
        const next = start + at - from + 1
        yield { text: rest.toString('utf8', from, at), start, next }
        start = next
        from = at + 1
      }
      rest = rest.subarray(from)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** Byte places by index, 16 bytes each. */
function createPlaces() {
  let table = new Float64Array(2048)
  let size = 0
  return {
    get size() {
      return size
    },
    get(index: number): { start: number; length: number } | undefined {
      const length = table[2 * index + 1] ?? 0
      return length === 0 ? undefined : { start: table[2 * index] ?? 0, length }
    },
    set(index: number, start: number, length: number): void {
      if (2 * index + 1 >= table.length) {
        const larger = new Float64Array(Math.max(2 * table.length, 2 * index + 2))
        larger.set(table)
        table = larger
      }
      if (table[2 * index + 1] === 0) size += 1
      table[2 * index] = start
      table[2 * index + 1] = length
    },
  }
}

function otherRun(path: string): InputError {
  return new InputError(`${path} belongs to a run with other options or instructions`, {
    code: 'RC_OTHER_RUN',
    hint: 'Give the options of that run, or --overwrite to start anew.',
  })
}
