import { bytesPerElement, type DType, describeTensor, isDType, tensorBytes } from './dtype.ts'
import { badSafetensors } from './weights-errors.ts'

/** Where a tensor lies: `start` and `end` count from the first data byte after the header. */
export interface TensorEntry {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly start: number
  readonly end: number
}

export interface SafetensorsHeader {
  readonly metadata: Record<string, string>
  readonly tensors: ReadonlyMap<string, TensorEntry>
}

/** Largest header that the reference library accepts, in bytes. */
export const maxHeaderBytes = 100_000_000

/**
 * Parses and checks the JSON header as the reference library does: known types, sizes that match
 * type and shape, data that fills the file without holes or overlaps.
 */
export function parseHeader(path: string, text: string, dataBytes: number): SafetensorsHeader {
  const entries = Object.entries(parseObject(path, text))
  const metadata: Record<string, string> = {}
  const tensors = new Map<string, TensorEntry>()
  for (const [name, value] of entries) {
    if (name === '__metadata__') Object.assign(metadata, parseMetadata(path, value))
    else tensors.set(name, parseEntry(path, name, value, dataBytes))
  }
  checkLayout(path, tensors, dataBytes)
  return { metadata, tensors }
}

/** Header bytes: length, compact JSON, spaces up to a multiple of 8, as the reference library. */
export function renderHeader(header: SafetensorsHeader): Uint8Array {
  const json: Record<string, unknown> = Object.create(null)
  if (Object.keys(header.metadata).length > 0) json.__metadata__ = header.metadata
  for (const [name, { dtype, shape, start, end }] of header.tensors) {
    json[name] = { dtype, shape, data_offsets: [start, end] }
  }
  const text = Buffer.from(JSON.stringify(json), 'utf8')
  const padded = Math.ceil(text.length / 8) * 8
  const bytes = Buffer.alloc(8 + padded, ' ')
  bytes.writeBigUInt64LE(BigInt(padded), 0)
  text.copy(bytes, 8)
  return bytes
}

function parseObject(path: string, text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw badSafetensors(path, `the header is not JSON (${(error as Error).message})`, error)
  }
  if (!isObject(value)) throw badSafetensors(path, 'the header is not a JSON object')
  return value
}

function parseMetadata(path: string, value: unknown): Record<string, string> {
  if (isObject(value) && Object.values(value).every((text) => typeof text === 'string')) {
    return value as Record<string, string>
  }
  throw badSafetensors(path, '__metadata__ must be an object of strings')
}

function parseEntry(path: string, name: string, value: unknown, dataBytes: number): TensorEntry {
  const fail = (problem: string) => badSafetensors(path, `tensor ${name}: ${problem}`)
  if (!isObject(value)) throw fail(`expected an object, got ${JSON.stringify(value)}`)
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>
  if (!isDType(dtype)) {
    const known = Object.keys(bytesPerElement).join(', ')
    throw fail(`expected a dtype of ${known}, got ${JSON.stringify(dtype)}`)
  }
  if (!isCountList(shape)) {
    throw fail(`expected a shape of whole numbers, got ${JSON.stringify(shape)}`)
  }
  if (!isCountList(offsets) || offsets.length !== 2) {
    throw fail(`expected data_offsets [start, end], got ${JSON.stringify(offsets)}`)
  }
  const [start, end] = offsets as [number, number]
  if (start > end || end > dataBytes) {
    throw fail(`data_offsets [${start}, ${end}] leave the ${dataBytes} data bytes of the file`)
  }
  const expected = tensorBytes({ dtype, shape })
  if (end - start !== expected) {
    const what = describeTensor({ dtype, shape })
    throw fail(`${what} needs ${expected} bytes, data_offsets give ${end - start}`)
  }
  return { dtype, shape, start, end }
}

function checkLayout(path: string, tensors: ReadonlyMap<string, TensorEntry>, dataBytes: number) {
  const byPlace = [...tensors].sort(([, a], [, b]) => a.start - b.start || a.end - b.end)
  let end = 0
  let previous = 'the header'
  for (const [name, entry] of byPlace) {
    if (entry.start !== end) {
      const relation = entry.start < end ? 'overlaps' : 'leaves a hole after'
      const places = `expected start ${end}, got ${entry.start}`
      throw badSafetensors(path, `tensor ${name} ${relation} ${previous}: ${places}`)
    }
    end = entry.end
    previous = `tensor ${name}`
  }
  if (end !== dataBytes) {
    const sizes = `expected ${end} data bytes, got ${dataBytes}`
    throw badSafetensors(path, `the file is longer than its tensors: ${sizes}`)
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCountList(value: unknown): value is number[] {
  return (
    Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && Number(item) >= 0)
  )
}
