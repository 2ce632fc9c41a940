import { type FileHandle, open } from 'node:fs/promises'
import { InputError, nearestName } from '../../core/index.ts'
import { type HalfType, widenHalves } from './convert.ts'
import { countElements, describeTensor, type TensorInfo } from './dtype.ts'
import { bytesOf, type EndOfFile, readFully, readPieces } from './file-bytes.ts'
import { maxHeaderBytes, parseHeader, type TensorEntry } from './safetensors-header.ts'
import { badSafetensors, unreadableWeights } from './weights-errors.ts'

/** An open safetensors file; reads are independent of each other and may run at once. */
export interface SafetensorsFile {
  readonly path: string
  readonly metadata: Readonly<Record<string, string>>
  /** Tensors by name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorInfo>
  /** A tensor of F32, F16 or BF16 as float32, row-major, in `target` or a buffer of its own. */
  readFloat32(name: string, target?: Float32Array<ArrayBuffer>): Promise<Float32Array<ArrayBuffer>>
  /** An I32 tensor. */
  readInt32(name: string): Promise<Int32Array<ArrayBuffer>>
  /** An I64 tensor. */
  readInt64(name: string): Promise<BigInt64Array<ArrayBuffer>>
  /** Raw little-endian bytes of a tensor, or a part of them. */
  readBytes(name: string, byteOffset?: number, byteLength?: number): Promise<Uint8Array>
  close(): Promise<void>
}

/**
 * Opens a file and checks its whole header against its size.
 *
 * @throws `RC_BAD_SAFETENSORS` naming file, tensor, what was expected and what was found.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const handle = await open(path, 'r').catch((cause) => {
    throw unreadableWeights(path, cause)
  })
  try {
    const { size } = await handle.stat()
    const headerBytes = await readHeaderLength(handle, path, size)
    const text = new Uint8Array(headerBytes)
    await readFully(handle, text, 8, endOf(path))
    const dataStart = 8 + headerBytes
    const header = parseHeader(path, Buffer.from(text).toString('utf8'), size - dataStart)
    return createFile(handle, path, header.metadata, header.tensors, dataStart)
  } catch (error) {
    await handle.close()
    throw error
  }
}

function createFile(
  handle: FileHandle,
  path: string,
  metadata: Record<string, string>,
  tensors: ReadonlyMap<string, TensorEntry>,
  dataStart: number,
): SafetensorsFile {
  const find = (name: string, ...dtypes: string[]): TensorEntry => {
    const entry = tensors.get(name)
    if (entry === undefined) throw missingTensor(path, name, tensors)
    if (dtypes.length === 0 || dtypes.includes(entry.dtype)) return entry
    throw new InputError(
      `tensor ${name} of ${path}: expected ${dtypes.join(', ')}, got ${describeTensor(entry)}`,
      { code: 'RC_TENSOR_DTYPE', hint: 'Convert the model to one of the types expected.' },
    )
  }
  const fill = async <T extends ArrayBufferView>(target: T, entry: TensorEntry): Promise<T> => {
    await readFully(handle, bytesOf(target), dataStart + entry.start, endOf(path))
    return target
  }
  return {
    path,
    metadata,
    tensors,
    async readFloat32(name, given) {
      const entry = find(name, 'F32', 'F16', 'BF16')
      const length = countElements(entry.shape)
      const target = given ?? new Float32Array(length)
      if (target.length !== length) {
        throw new RangeError(`${name} has ${length} elements, its target ${target.length}`)
      }
      if (entry.dtype === 'F32') return fill(target, entry)
      const range = { position: dataStart + entry.start, byteLength: entry.end - entry.start }
      await readHalves(handle, path, entry.dtype as HalfType, range, target)
      return target
    },
    async readInt32(name) {
      const entry = find(name, 'I32')
      return fill(new Int32Array(countElements(entry.shape)), entry)
    },
    async readInt64(name) {
      const entry = find(name, 'I64')
      return fill(new BigInt64Array(countElements(entry.shape)), entry)
    },
    async readBytes(name, byteOffset = 0, byteLength) {
      const { start, end } = find(name)
      const length = byteLength ?? end - start - byteOffset
      if (byteOffset < 0 || length < 0 || byteOffset + length > end - start) {
        throw new RangeError(`${byteOffset}+${length} leaves the ${end - start} bytes of ${name}`)
      }
      const bytes = new Uint8Array(length)
      await readFully(handle, bytes, dataStart + start + byteOffset, endOf(path))
      return bytes
    },
    close: () => handle.close(),
  }
}

/** Widens in pieces, so that a tensor is never in memory twice. */
async function readHalves(
  handle: FileHandle,
  path: string,
  type: HalfType,
  range: { position: number; byteLength: number },
  target: Float32Array,
): Promise<void> {
  let done = 0
  for await (const piece of readPieces(handle, range, bytesPerPiece, endOf(path))) {
    const halves = new Uint16Array(piece.buffer, 0, piece.length / 2)
    widenHalves(type, halves, target.subarray(done, done + halves.length))
    done += halves.length
  }
}

const bytesPerPiece = 8 * 2 ** 20

const endOf =
  (path: string): EndOfFile =>
  (position) =>
    badSafetensors(path, `it ends at byte ${position}`)

async function readHeaderLength(handle: FileHandle, path: string, size: number): Promise<number> {
  if (size < 8) throw badSafetensors(path, `expected at least 8 bytes, got ${size}`)
  const bytes = Buffer.alloc(8)
  await readFully(handle, bytes, 0, endOf(path))
  const length = bytes.readBigUInt64LE(0)
  if (length > BigInt(maxHeaderBytes)) {
    throw badSafetensors(
      path,
      `expected a header of at most ${maxHeaderBytes} bytes, got ${length}`,
    )
  }
  if (8n + length > BigInt(size)) {
    throw badSafetensors(
      path,
      `expected a header of ${length} bytes, the file has ${size - 8} left`,
    )
  }
  return Number(length)
}

/** The error for a tensor that a file or folder does not hold, with the nearest name it has. */
export function missingTensor(
  path: string,
  name: string,
  tensors: ReadonlyMap<string, unknown>,
): InputError {
  const nearest = nearestName(name, [...tensors.keys()])
  const aside = nearest === undefined ? '' : `; the nearest name there is ${nearest}`
  return new InputError(`${path} holds no tensor ${name}${aside}`, {
    code: 'RC_TENSOR_MISSING',
    hint: 'The weights do not belong to this architecture, or the file is not complete.',
  })
}
