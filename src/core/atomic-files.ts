import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { InputError, ReflectionCoderError } from './errors.ts'

/** Writes a whole file so that a reader sees the old content or the new, never a part. */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const writer = await createAtomicWriter(path)
  try {
    await writer.write(data)
    await writer.commit()
  } catch (error) {
    await writer.discard()
    throw error
  }
}

/** A file under a temporary name in the same folder, until `commit` gives it its own. */
export interface AtomicWriter {
  write(data: string | Uint8Array): Promise<void>
  /** Flushes to the disk and renames. */
  commit(): Promise<void>
  /** Removes what was written; safe to call after `commit`. */
  discard(): Promise<void>
}

/** Opens a file for atomic streaming writes; makes missing folders. */
export async function createAtomicWriter(path: string): Promise<AtomicWriter> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`
  const handle = await open(temporary, 'w').catch((error) =>
    Promise.reject(writeError(path, error)),
  )
  let unfinished = true
  return {
    async write(data) {
      await writeAll(handle, data).catch((error) => Promise.reject(writeError(path, error)))
    },
    async commit() {
      await handle.sync().catch((error) => Promise.reject(writeError(path, error)))
      await handle.close()
      unfinished = false
      await rename(temporary, path)
    },
    async discard() {
      if (!unfinished) return
      unfinished = false
      await handle.close().catch(() => {})
      await rm(temporary, { force: true })
    },
  }
}

/** SHA-256 of a file in lower-case hexadecimal, read as a stream. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Refuses to go over an existing output unless the user asked for it. */
export function refuseExistingOutput(path: string): InputError {
  return new InputError(`the output ${path} exists already`, {
    code: 'RC_OUTPUT_EXISTS',
    hint: 'Give --resume to go on with it, --overwrite to start anew, or another --out.',
  })
}

async function writeAll(handle: FileHandle, data: string | Uint8Array): Promise<void> {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data
  let offset = 0
  while (offset < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, offset, bytes.length - offset)
    offset += bytesWritten
  }
}

/** What a failed write becomes; a full disk has a code of its own, `RC_DISK_FULL`. */
export function writeError(path: string, cause: unknown): ReflectionCoderError {
  const code = (cause as NodeJS.ErrnoException).code
  const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG'
  return new ReflectionCoderError(
    full ? `no space left while writing ${path}` : `cannot write ${path}: ${String(cause)}`,
    {
      code: full ? 'RC_DISK_FULL' : 'RC_WRITE_FAILED',
      hint: full
        ? 'Free some space or choose another --out; finished work is kept, --resume goes on.'
        : 'Check that the folder exists and that you may write to it.',
      cause,
    },
  )
}
