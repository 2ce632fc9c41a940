import { createHash } from 'node:crypto'
import { openLineJournal } from '../../core/index.ts'
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
 * Opens the journal at `path`; with `resume` the verdicts in it are taken over.
 *
 * @throws InputError `RC_RESUME_MISMATCH` when it was written with other problems or options.
 */
export async function openJournal(
  path: string,
  fingerprint: string,
  resume: boolean,
): Promise<Journal> {
  const known = new Map<string, ProgramVerdict>()
  const lines = await openLineJournal<{ key: string; verdict: ProgramVerdict }>({
    path,
    fingerprint,
    resume,
    onEntry: ({ key, verdict }) => known.set(key, verdict),
  })
  return {
    known,
    async add(key, verdict, forget = false) {
      known.set(key, verdict)
      if (!forget) await lines.append({ key, verdict })
    },
    close: () => lines.close(),
  }
}
