import { badGguf } from '../weights-errors.ts'
import { describeGgmlType, type GgmlType, ggmlTypes } from './ggml-types.ts'

export type GgufValue = number | bigint | boolean | string | GgufValue[]

/** Key and value pairs of a file's header. */
export type GgufMetadata = ReadonlyMap<string, GgufValue>

/** A tensor under its GGUF name; `start` and `end` count from the first byte of the file. */
export interface GgufTensor {
  readonly type: GgmlType
  /** Row-major: the last size is that of a row. */
  readonly shape: readonly number[]
  readonly start: number
  readonly end: number
}

export interface GgufHeader {
  readonly metadata: GgufMetadata
  readonly tensors: ReadonlyMap<string, GgufTensor>
}

/**
 * Parses the header of a GGUF file (versions 2 and 3, little-endian) and checks it against the size
 * of the file.
 *
 * @param bytes the beginning of the file
 * @returns `undefined` when the header is longer than `bytes` and the file longer than both
 * @throws `RC_BAD_GGUF`
 */
export function parseGguf(
  path: string,
  bytes: Uint8Array,
  fileBytes: number,
): GgufHeader | undefined {
  try {
    return parseHeader(path, new Cursor(path, bytes, fileBytes))
  } catch (error) {
    if (error === needsMore) return undefined
    throw error
  }
}

/** Thrown by the cursor at the end of the bytes at hand. */
const needsMore = Symbol('needs more bytes')

function parseHeader(path: string, cursor: Cursor): GgufHeader {
  const magic = cursor.text(4)
  if (magic !== 'GGUF') {
    throw badGguf(path, `expected a file that begins with GGUF, got ${JSON.stringify(magic)}`)
  }
  const version = cursor.number('u32')
  if (version !== 2 && version !== 3) {
    const big = version > 0xffff ? ' (a big-endian file?)' : ''
    throw badGguf(path, `expected version 2 or 3, got ${version}${big}`)
  }
  const tensorCount = cursor.count('tensors', leastTensorBytes)
  const pairCount = cursor.count('metadata pairs', leastPairBytes)
  const metadata = new Map<string, GgufValue>()
  for (let i = 0; i < pairCount; i++) {
    const key = cursor.string()
    metadata.set(key, cursor.value(cursor.number('u32'), key))
  }
  const parts = metadata.get('split.count')
  if (typeof parts === 'number' && parts > 1) {
    throw badGguf(
      path,
      `it is one of ${parts} parts of a model`,
      'Join the parts with llama-gguf-split --merge and give the result.',
    )
  }
  const described = Array.from({ length: tensorCount }, () => describeTensor(path, cursor))
  const alignment = metadata.get('general.alignment') ?? 32
  if (typeof alignment !== 'number' || alignment <= 0 || alignment % 8 !== 0) {
    throw badGguf(path, `general.alignment: expected a multiple of 8, got ${String(alignment)}`)
  }
  const dataStart = Math.ceil(cursor.position / alignment) * alignment
  return { metadata, tensors: placeTensors(path, described, dataStart, cursor.fileBytes) }
}

const leastTensorBytes = 8 + 4 + 8 + 4 + 8
const leastPairBytes = 8 + 4 + 1

interface DescribedTensor {
  name: string
  type: GgmlType
  shape: number[]
  offset: number
}

function describeTensor(path: string, cursor: Cursor): DescribedTensor {
  const name = cursor.string()
  const dimensions = cursor.number('u32')
  if (dimensions < 1 || dimensions > 4) {
    throw badGguf(path, `tensor ${name}: expected 1 to 4 dimensions, got ${dimensions}`)
  }
  const shape = Array.from({ length: dimensions }, () => cursor.number('u64')).reverse()
  const typeId = cursor.number('u32')
  const type = ggmlTypes.get(typeId)
  if (type === undefined) {
    const known = [...ggmlTypes.values()].map((one) => one.name).join(', ')
    throw badGguf(
      path,
      `tensor ${name}: expected one of the types ${known}, got ${describeGgmlType(typeId)}`,
      'Take the model in another quantisation.',
    )
  }
  const row = shape.at(-1)!
  if (row % type.blockSize !== 0) {
    const rows = `rows of a multiple of ${type.blockSize} elements`
    throw badGguf(path, `tensor ${name}: ${type.name} needs ${rows}, got ${row}`)
  }
  return { name, type, shape, offset: cursor.number('u64') }
}

function placeTensors(
  path: string,
  described: readonly DescribedTensor[],
  dataStart: number,
  fileBytes: number,
): Map<string, GgufTensor> {
  const tensors = new Map<string, GgufTensor>()
  let previous = { name: 'the header', end: dataStart }
  for (const { name, type, shape, offset } of described.toSorted((a, b) => a.offset - b.offset)) {
    if (tensors.has(name)) throw badGguf(path, `tensor ${name} is there twice`)
    const elements = shape.reduce((product, size) => product * size, 1)
    const start = dataStart + offset
    const end = start + (elements / type.blockSize) * type.blockBytes
    if (start < previous.end) {
      const places = `expected a start from ${previous.end} on, got ${start}`
      throw badGguf(path, `tensor ${name} overlaps ${previous.name}: ${places}`)
    }
    if (!Number.isSafeInteger(end) || end > fileBytes) {
      const what = `${type.name} [${shape.join(', ')}]`
      throw badGguf(
        path,
        `tensor ${name}, ${what}, ends at byte ${end}, the file has ${fileBytes} bytes`,
      )
    }
    tensors.set(name, { type, shape, start, end })
    previous = { name: `tensor ${name}`, end }
  }
  return new Map(described.map(({ name }) => [name, tensors.get(name)!]))
}

const scalarReaders = {
  u8: [1, (view: DataView, at: number) => view.getUint8(at)],
  i8: [1, (view: DataView, at: number) => view.getInt8(at)],
  u16: [2, (view: DataView, at: number) => view.getUint16(at, true)],
  i16: [2, (view: DataView, at: number) => view.getInt16(at, true)],
  u32: [4, (view: DataView, at: number) => view.getUint32(at, true)],
  i32: [4, (view: DataView, at: number) => view.getInt32(at, true)],
  f32: [4, (view: DataView, at: number) => view.getFloat32(at, true)],
  u64: [8, (view: DataView, at: number) => Number(view.getBigUint64(at, true))],
  i64: [8, (view: DataView, at: number) => Number(view.getBigInt64(at, true))],
  f64: [8, (view: DataView, at: number) => view.getFloat64(at, true)],
} as const
type Scalar = keyof typeof scalarReaders

/** Value types by their number in the file; 7 is bool, 8 string, 9 array. */
const scalarTypes: Readonly<Record<number, Scalar>> = {
  0: 'u8',
  1: 'i8',
  2: 'u16',
  3: 'i16',
  4: 'u32',
  5: 'i32',
  6: 'f32',
  10: 'u64',
  11: 'i64',
  12: 'f64',
}

/** Walks over the header; no count is trusted beyond what the file can hold. */
class Cursor {
  position = 0
  readonly fileBytes: number
  readonly #path: string
  readonly #bytes: Buffer
  readonly #view: DataView

  constructor(path: string, bytes: Uint8Array, fileBytes: number) {
    this.#path = path
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.fileBytes = fileBytes
  }

  number(type: Scalar): number {
    const [size, read] = scalarReaders[type]
    return read(this.#view, this.#take(size))
  }

  text(length: number): string {
    const start = this.#take(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  string(): string {
    return this.text(this.count('bytes of a string', 1))
  }

  /** A count of things that take at least `leastBytes` each. */
  count(what: string, leastBytes: number): number {
    const count = this.number('u64')
    const left = this.fileBytes - this.position
    if (count * leastBytes <= left) return count
    throw badGguf(this.#path, `it announces ${count} ${what}, but has only ${left} bytes left`)
  }

  value(type: number, key: string): GgufValue {
    const scalar = scalarTypes[type]
    if (scalar !== undefined) return this.number(scalar)
    if (type === 7) return this.number('u8') !== 0
    if (type === 8) return this.string()
    if (type !== 9) throw badGguf(this.#path, `${key}: unknown value type ${type}`)
    const itemType = this.number('u32')
    const item = scalarTypes[itemType]
    const least = item === undefined ? (itemType === 7 ? 1 : 8) : scalarReaders[item][0]
    const count = this.count(`items of ${key}`, least)
    const items: GgufValue[] = []
    for (let i = 0; i < count; i++) items.push(this.value(itemType, key))
    return items
  }

  #take(length: number): number {
    const start = this.position
    const end = start + length
    if (end > this.fileBytes) throw badGguf(this.#path, `it ends at byte ${this.fileBytes}`)
    if (end > this.#bytes.length) throw needsMore
    this.position = end
    return start
  }
}
