import { createHash } from 'node:crypto'
import { type FileHandle, open, readFile, rm } from 'node:fs/promises'
import { InputError, ReflectionCoderError } from '../../core/index.ts'
import type { ProgramVerdict } from './verdicts.ts'

/** Verdicts of an evaluation in progress, on the disk as they come. */
export interface Journal {
  /** Verdicts that are there already, by `verdictKey`. */
  readonly known: ReadonlyMap<string, ProgramVerdict>
  /** `forget` keeps a verdict for this run alone. */
  add(key: string, verdict: ProgramVerdict, forget?: boolean): Promise<void>
  close(): Promise<void>
}

/** What a verdict belongs to: the task and the program's text. */
export function verdictKey(taskId: string, program: string): string {
  return createHash('sha256')
    .update(JSON.stringify([taskId, program]))
    .digest('hex')
}

/**
 * Opens the journal at `path`. With `resume` the verdicts in it are taken over; a last line that
 * was cut off is dropped.
 *
 * @throws InputError `RC_RESUME_MISMATCH` when it was written with other problems or options.
 */
export async function openJournal(
  path: string,
  fingerprint: string,
  resume: boolean,
): Promise<Journal> {
  const known = resume ? await readJournal(path, fingerprint) : new Map<string, ProgramVerdict>()
  await rm(path, { force: true })
  const file = await open(path, 'a')
  await writeLine(file, path, { fingerprint })
  for (const [key, verdict] of known) await writeLine(file, path, { key, verdict })
  return {
    known,
    async add(key, verdict, forget = false) {
      known.set(key, verdict)
      if (forget) return
      await writeLine(file, path, { key, verdict })
    },
    close: () => file.close(),
  }
}

async function readJournal(
  path: string,
  fingerprint: string,
): Promise<Map<string, ProgramVerdict>> {
  const known = new Map<string, ProgramVerdict>()
  const text = await readFile(path, 'utf8').catch(() => '')
  if (text === '') return known
  const [head, ...lines] = text.split('\n')
  if ((parse(head ?? '') as { fingerprint?: unknown })?.fingerprint !== fingerprint) {
    throw new InputError(`${path} was written with other problems or options`, {
      code: 'RC_RESUME_MISMATCH',
      hint: 'Resume with the same problems and options, or start anew with --overwrite.',
    })
  }
  for (const line of lines) {
    const entry = parse(line) as { key?: string; verdict?: ProgramVerdict } | undefined
    if (entry?.key !== undefined && entry.verdict !== undefined) known.set(entry.key, entry.verdict)
  }
  return known
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

async function writeLine(file: FileHandle, path: string, value: unknown): Promise<void> {
  await file.appendFile(`${JSON.stringify(value)}\n`).catch((cause: NodeJS.ErrnoException) => {
    const full = cause.code === 'ENOSPC' || cause.code === 'EDQUOT'
    throw new ReflectionCoderError(
      full ? `no space left while writing ${path}` : `cannot write ${path}: ${cause.message}`,
      {
        code: full ? 'RC_DISK_FULL' : 'RC_WRITE_FAILED',
        hint: 'Free some space; finished work is kept, --resume goes on.',
        cause,
      },
    )
  })
}
