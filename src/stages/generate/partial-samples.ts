import { type FileHandle, open, readFile, rm } from 'node:fs/promises'
import { InputError, ReflectionCoderError } from '../../core/index.ts'

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
  const batches = resume ? await readBatches(path, fingerprint) : []
  await rm(path, { force: true })
  const file = await open(path, 'a')
  await writeLine(file, path, { fingerprint })
  for (const batch of batches) await writeLine(file, path, batch)
  const samples = batches.flat()
  return {
    samples,
    async addBatch(batch) {
      samples.push(...batch)
      await writeLine(file, path, batch)
    },
    close: () => file.close(),
    async remove() {
      await file.close()
      await rm(path, { force: true })
    },
  }
}

async function readBatches(path: string, fingerprint: string): Promise<FinishedSample[][]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  if (text === '') return []
  const [head = '', ...lines] = text.split('\n')
  if ((parse(head) as { fingerprint?: unknown } | undefined)?.fingerprint !== fingerprint) {
    throw new InputError(`${path} was written with another model, other problems or options`, {
      code: 'RC_RESUME_MISMATCH',
      hint: 'Resume with the same options, or start anew with --overwrite.',
    })
  }
  return lines.map(parse).filter((batch): batch is FinishedSample[] => Array.isArray(batch))
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
