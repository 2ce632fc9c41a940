import type { FileHandle } from 'node:fs/promises'

/** Makes the error for a file that ends before `position`. */
export type EndOfFile = (position: number) => Error

/** Fills `target` from a place in a file. */
export async function readFully(
  handle: FileHandle,
  target: Uint8Array,
  position: number,
  endOfFile: EndOfFile,
): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const length = Math.min(bytesPerRead, target.length - done)
    const { bytesRead } = await handle.read(target, done, length, position + done)
    if (bytesRead === 0) throw endOfFile(position + done)
    done += bytesRead
  }
}

const bytesPerRead = 2 ** 28 // read(2) returns at most 2 GiB at once

/**
 * Reads a range piece by piece, the next piece while the last one is worked on. A piece is valid
 * until the one after the next is asked for.
 *
 * @param pieceBytes size of every piece but the last
 */
export async function* readPieces(
  handle: FileHandle,
  range: { position: number; byteLength: number },
  pieceBytes: number,
  endOfFile: EndOfFile,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const size = Math.min(pieceBytes, range.byteLength)
  const buffers = [new Uint8Array(size), new Uint8Array(size)]
  const readAt = async (done: number, turn: number) => {
    const piece = buffers[turn % 2]!.subarray(0, Math.min(size, range.byteLength - done))
    await readFully(handle, piece, range.position + done, endOfFile)
    return piece
  }
  let next = range.byteLength > 0 ? readAt(0, 0) : undefined
  try {
    for (let done = size, turn = 1; next !== undefined; done += size, turn++) {
      const piece = await next
      next = done < range.byteLength ? readAt(done, turn) : undefined
      next?.catch(() => {}) // reported when its turn comes
      yield piece
    }
  } finally {
    await next?.catch(() => {}) // the caller may close the file now
  }
}

/** The bytes behind a typed array. */
export function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}
