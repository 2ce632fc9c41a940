import { createAtomicWriter } from '../../core/index.ts'
import { type HalfType, roundToHalves } from './convert.ts'
import { bytesPerElement, type DType, describeTensor, tensorBytes } from './dtype.ts'
import { renderHeader, type TensorEntry } from './safetensors-header.ts'

/** Values to write; BF16 and F16 take a Float32Array, a Uint8Array is raw bytes of any type. */
export type TensorData =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | BigInt64Array
  | BigUint64Array

export interface TensorToWrite {
  name: string
  dtype: DType
  shape: readonly number[]
  /** The values, or their pieces in order, drawn only when the tensor's turn comes. */
  data: TensorData | AsyncIterable<TensorData>
}

/**
 * Writes a safetensors file atomically, one piece in memory at a time. Equal input gives equal
 * bytes. Tensors keep the given order, wider element types first so that each is aligned. F16 and
 * BF16 are rounded to nearest even.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const ordered = [...tensors].sort(
    (a, b) => bytesPerElement[b.dtype] - bytesPerElement[a.dtype], // stable
  )
  const writer = await createAtomicWriter(path)
  try {
    await writer.write(renderHeader({ metadata, tensors: placeTensors(ordered) }))
    for (const tensor of ordered) {
      let written = 0
      for await (const piece of piecesOf(tensor.data)) {
        for (const bytes of encodePiece(tensor, piece)) {
          await writer.write(bytes)
          written += bytes.length
        }
      }
      checkWritten(tensor, written)
    }
    await writer.commit()
  } catch (error) {
    await writer.discard()
    throw error
  }
}

function placeTensors(tensors: readonly TensorToWrite[]): Map<string, TensorEntry> {
  const entries = new Map<string, TensorEntry>()
  let start = 0
  for (const { name, dtype, shape } of tensors) {
    if (entries.has(name)) throw new Error(`tensor ${name} is given twice`)
    const end = start + tensorBytes({ dtype, shape })
    entries.set(name, { dtype, shape, start, end })
    start = end
  }
  return entries
}

async function* piecesOf(data: TensorToWrite['data']): AsyncIterable<TensorData> {
  if (ArrayBuffer.isView(data)) yield data
  else yield* data
}

function* encodePiece({ name, dtype }: TensorToWrite, piece: TensorData): Iterable<Uint8Array> {
  if ((dtype === 'BF16' || dtype === 'F16') && piece instanceof Float32Array) {
    yield* encodeHalves(dtype, piece)
    return
  }
  if (!(piece instanceof Uint8Array) && piece.constructor !== arrayOf[dtype]) {
    throw new Error(`tensor ${name}: ${dtype} cannot be written from a ${piece.constructor.name}`)
  }
  yield new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)
}

function* encodeHalves(dtype: HalfType, values: Float32Array): Iterable<Uint8Array> {
  for (let start = 0; start < values.length; start += halvesPerWrite) {
    const halves = roundToHalves(dtype, values.subarray(start, start + halvesPerWrite))
    yield new Uint8Array(halves.buffer)
  }
}

const halvesPerWrite = 2 ** 22

const arrayOf: Partial<Record<DType, unknown>> = {
  F64: Float64Array,
  F32: Float32Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
}

function checkWritten(tensor: TensorToWrite, written: number): void {
  const expected = tensorBytes(tensor)
  if (written === expected) return
  const what = `${tensor.name}, ${describeTensor(tensor)}`
  throw new Error(`tensor ${what} needs ${expected} bytes, its data has ${written}`)
}
