import { type FileHandle, open } from 'node:fs/promises'
import { readFully, readPieces } from '../file-bytes.ts'
import { badGguf, unreadableWeights } from '../weights-errors.ts'
import { dequantizers } from './dequantize.ts'
import { type GgufHeader, type GgufMetadata, type GgufTensor, parseGguf } from './parse-gguf.ts'

/** An open GGUF file. */
export interface GgufFile extends GgufHeader {
  readonly path: string
  /**
   * Values of a tensor in float32, row-major.
   *
   * @param rowOf where a row of the file belongs; default where it stands
   */
  readInto(tensor: GgufTensor, target: Float32Array, rowOf?: (row: number) => number): Promise<void>
  close(): Promise<void>
}

/** Opens a GGUF file and checks its header against its size. */
export async function openGguf(path: string): Promise<GgufFile> {
  const handle = await open(path, 'r').catch((cause) => {
    throw unreadableWeights(path, cause)
  })
  const endOfFile = (position: number) => badGguf(path, `it ends at byte ${position}`)
  try {
    const header = await readHeader(handle, path, endOfFile)
    return {
      path,
      ...header,
      async readInto({ type, shape, start, end }, target, rowOf) {
        const dequantize = dequantizers[type.name]!
        const width = shape.at(-1)!
        const rowBytes = (width / type.blockSize) * type.blockBytes
        // Whole rows, about eight megabytes; a longer row in whole blocks.
        const unit = rowOf === undefined ? type.blockBytes : rowBytes
        const pieceBytes = Math.max(1, Math.floor(bytesPerPiece / unit)) * unit
        const range = { position: start, byteLength: end - start }
        let done = 0 // elements
        for await (const piece of readPieces(handle, range, pieceBytes, endOfFile)) {
          const count = (piece.length / type.blockBytes) * type.blockSize
          if (rowOf === undefined) dequantize(piece, target.subarray(done, done + count))
          else placeRows(piece, done / width, count / width)
          done += count
        }
        function placeRows(piece: Uint8Array, firstRow: number, rows: number): void {
          for (let row = 0; row < rows; row++) {
            const to = rowOf!(firstRow + row) * width
            const bytes = piece.subarray(row * rowBytes, (row + 1) * rowBytes)
            dequantize(bytes, target.subarray(to, to + width))
          }
        }
      },
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** The metadata of a GGUF file, without its tensors. */
export async function readGgufMetadata(path: string): Promise<GgufMetadata> {
  const file = await openGguf(path)
  await file.close()
  return file.metadata
}

const bytesPerPiece = 8 * 2 ** 20
const firstHeaderBytes = 4 * 2 ** 20

async function readHeader(
  handle: FileHandle,
  path: string,
  endOfFile: (position: number) => Error,
): Promise<GgufHeader> {
  const { size } = await handle.stat()
  for (let length = firstHeaderBytes; ; length *= 4) {
    const bytes = new Uint8Array(Math.min(length, size))
    await readFully(handle, bytes, 0, endOfFile)
    const header = parseGguf(path, bytes, size)
    if (header !== undefined) return header
  }
}
