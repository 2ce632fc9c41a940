import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { assertFinite, openSafetensors, type TensorToWrite, writeSafetensors } from './index.ts'

// Written by the reference library, safetensors 0.8.0 for Python.
const reference = fileURLToPath(new URL('./__fixtures__/reference.safetensors', import.meta.url))

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rc-weights-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a file of the reference library', () => {
  test('opens with its metadata, types and shapes', async () => {
    const file = await openSafetensors(reference)
    expect(file.metadata).toEqual({ format: 'pt', ключ: 'ß' })
    expect(Object.fromEntries(file.tensors)).toMatchObject({
      float32: { dtype: 'F32', shape: [2, 3, 4] },
      float16: { dtype: 'F16', shape: [4, 6] },
      bfloat16: { dtype: 'BF16', shape: [24] },
      int64: { dtype: 'I64', shape: [2] },
      int32: { dtype: 'I32', shape: [1, 3] },
      bool: { dtype: 'BOOL', shape: [3] },
      scalar: { dtype: 'F32', shape: [] },
      empty: { dtype: 'F32', shape: [0, 4] },
    })
    await file.close()
  })

  test('gives its values', async () => {
    const file = await openSafetensors(reference)
    const full = await file.readFloat32('float32')
    expect(full[4]).toBe(Math.fround(3.14159274))
    expect(full[20]).toBe(Number.POSITIVE_INFINITY)
    expect(Object.is(full[1], -0)).toBe(true)
    const half = await file.readFloat32('float16')
    expect([half[3], half[4], half[5], half[7]]).toEqual([-1.5, 3.140625, 65504, Infinity])
    const brain = await file.readFloat32('bfloat16')
    expect([brain[3], brain[4], brain[14], brain[15]]).toEqual([-1.5, 3.140625, 1, 1.015625])
    expect([...(await file.readInt64('int64'))]).toEqual([-1n, 2n ** 40n])
    expect([...(await file.readInt32('int32'))]).toEqual([7, -8, 9])
    expect([...(await file.readBytes('bool'))]).toEqual([1, 0, 1])
    expect([...(await file.readBytes('uint8', 2, 2))]).toEqual([2, 3])
    expect([...(await file.readFloat32('scalar'))]).toEqual([2.5])
    expect([...(await file.readFloat32('empty'))]).toEqual([])
    await file.close()
  })

  test('is written again with the same bytes', async () => {
    const file = await openSafetensors(reference)
    const values = await file.readFloat32('float32')
    const raw = (name: string) => file.readBytes(name)
    const tensors: TensorToWrite[] = []
    for (const [name, info] of file.tensors) {
      const rounded = name === 'float16' || name === 'bfloat16' || name === 'float32'
      tensors.push({ name, ...info, data: rounded ? values : await raw(name) })
    }
    const copy = join(folder, 'copy.safetensors')
    const metadata = { format: 'pt', ключ: 'ß' }
    await writeSafetensors(copy, tensors, metadata)
    const written = await openSafetensors(copy)
    for (const name of file.tensors.keys()) {
      expect(await written.readBytes(name), name).toEqual(await file.readBytes(name))
    }
    expect((await readFile(copy)).length).toBe((await readFile(reference)).length)
    await written.close()
    await file.close()
  })
})

describe('writing', () => {
  const tensors = (): TensorToWrite[] => [
    { name: 'flags', dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
    { name: 'tokens', dtype: 'I32', shape: [3], data: pieces() },
    { name: 'offsets', dtype: 'I64', shape: [1], data: BigInt64Array.of(9n) },
  ]
  async function* pieces() {
    yield Int32Array.of(1, -2)
    yield Int32Array.of(3)
  }

  test('aligns every tensor, streams pieces and repeats its bytes', async () => {
    const path = join(folder, 'a.safetensors')
    await writeSafetensors(path, tensors(), { note: 'x' })
    const bytes = await readFile(path)
    const length = Number(bytes.readBigUInt64LE(0))
    expect(length % 8).toBe(0)
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString())
    expect(header).toEqual({
      __metadata__: { note: 'x' },
      offsets: { dtype: 'I64', shape: [1], data_offsets: [0, 8] },
      tokens: { dtype: 'I32', shape: [3], data_offsets: [8, 20] },
      flags: { dtype: 'U8', shape: [3], data_offsets: [20, 23] },
    })
    await writeSafetensors(path, tensors(), { note: 'x' })
    expect(await readFile(path)).toEqual(bytes)
    expect(await readdir(folder)).toEqual(['a.safetensors'])
  })

  test('keeps the old file and leaves nothing behind when the data does not fit its shape', async () => {
    const path = join(folder, 'a.safetensors')
    await writeFile(path, 'old')
    const bad: TensorToWrite = { name: 'w', dtype: 'F32', shape: [2, 2], data: new Float32Array(3) }
    await expect(writeSafetensors(path, [bad])).rejects.toThrow(
      'tensor w, F32 [2, 2] needs 16 bytes, its data has 12',
    )
    await expect(
      writeSafetensors(path, [{ ...bad, dtype: 'I32', data: new Float32Array(4) }]),
    ).rejects.toThrow('tensor w: I32 cannot be written from a Float32Array')
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['a.safetensors'])
  })
})

describe('a broken file is refused with its name and what is wrong', () => {
  const two = {
    a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
    b: { dtype: 'F32', shape: [1], data_offsets: [8, 12] },
  }
  test.each<[string, unknown, number, string]>([
    ['bad JSON', '{"a":', 0, 'the header is not JSON'],
    ['no object', [1], 0, 'the header is not a JSON object'],
    ['bad metadata', { __metadata__: { a: 1 } }, 0, '__metadata__ must be an object of strings'],
    ['entry', { a: 3 }, 0, 'tensor a: expected an object, got 3'],
    ['dtype', { a: { ...two.a, dtype: 'F33' } }, 8, 'tensor a: expected a dtype of F64'],
    ['shape', { a: { ...two.a, shape: [-2] } }, 8, 'expected a shape of whole numbers, got [-2]'],
    ['offsets', { a: { ...two.a, data_offsets: [0] } }, 8, 'expected data_offsets [start, end]'],
    ['size', { a: { ...two.a, shape: [3] } }, 8, 'F32 [3] needs 12 bytes, data_offsets give 8'],
    ['range', two, 8, 'tensor b: data_offsets [8, 12] leave the 8 data bytes of the file'],
    ['long', two, 16, 'the file is longer than its tensors: expected 12 data bytes, got 16'],
    [
      'overlap',
      { ...two, b: { ...two.b, data_offsets: [4, 8] } },
      8,
      'tensor b overlaps tensor a: expected start 8, got 4',
    ],
    [
      'hole',
      { ...two, b: { ...two.b, data_offsets: [12, 16] } },
      16,
      'tensor b leaves a hole after tensor a: expected start 8, got 12',
    ],
  ])('%s', async (_, header, dataBytes, problem) => {
    const path = join(folder, 'bad.safetensors')
    const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(text.length))
    await writeFile(path, Buffer.concat([length, text, Buffer.alloc(dataBytes)]))
    const error = await openSafetensors(path).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'RC_BAD_SAFETENSORS', status: 2 })
    expect(error.message).toContain(path)
    expect(error.message).toContain(problem)
  })

  test.each([
    [4, 'expected at least 8 bytes, got 4'],
    [40, 'bytes, the file has 32 left'],
    [1000, 'leave the'],
  ])('cut after %i bytes', async (length, problem) => {
    const path = join(folder, 'cut.safetensors')
    await writeFile(path, (await readFile(reference)).subarray(0, length))
    await expect(openSafetensors(path)).rejects.toThrow(problem)
  })

  test('an absurd header length', async () => {
    const path = join(folder, 'huge.safetensors')
    await writeFile(path, Buffer.alloc(16, 0xff))
    await expect(openSafetensors(path)).rejects.toThrow('expected a header of at most 100000000')
  })

  test('a file that is not there', async () => {
    await expect(openSafetensors(join(folder, 'none'))).rejects.toMatchObject({
      code: 'RC_WEIGHTS_UNREADABLE',
      status: 2,
    })
  })
})

test('a tensor that is not there is refused with the nearest name', async () => {
  const file = await openSafetensors(reference)
  await expect(file.readFloat32('bflaot16')).rejects.toMatchObject({ code: 'RC_TENSOR_MISSING' })
  await expect(file.readFloat32('bflaot16')).rejects.toThrow('nearest name there is bfloat16')
  await file.close()
})

test('a tensor of another type is refused with both types', async () => {
  const file = await openSafetensors(reference)
  await expect(file.readFloat32('int32')).rejects.toThrow(
    `tensor int32 of ${reference}: expected F32, F16, BF16, got I32 [1, 3]`,
  )
  await file.close()
})

test('NaN and infinity are found and named by tensor and place', () => {
  const values = new Float32Array(200_000)
  const where = { path: 'm.safetensors', name: 'lm_head.weight', shape: [1000, 200] }
  assertFinite(values, where)
  assertFinite(new Float32Array(0), where)
  values[150_203] = Number.NaN
  values[199_999] = Number.NEGATIVE_INFINITY
  expect(() => assertFinite(values, where)).toThrow(
    'tensor lm_head.weight of m.safetensors: expected finite numbers, got NaN at [751, 3], ' +
      '2 of 200000 elements not finite',
  )
})
