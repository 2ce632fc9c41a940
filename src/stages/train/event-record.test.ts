import { expect, it } from 'vitest'
import { crc32c, renderRecord } from './event-record.ts'

it.each([
  // RFC 3720, appendix B.4
  [new Uint8Array(32), 0x8a9136aa],
  [new Uint8Array(32).fill(0xff), 0x62a8ab43],
  [Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
  [Buffer.from('123456789'), 0xe3069283],
])('computes the checksum of example %#', (data, expected) => {
  expect(crc32c(data)).toBe(expected)
})

it('frames a record with its length and both checksums', () => {
  const record = Buffer.from(renderRecord(Buffer.from('abc')))
  expect(record).toHaveLength(8 + 4 + 3 + 4)
  expect(record.readBigUInt64LE(0)).toBe(3n)
  expect(record.subarray(12, 15).toString()).toBe('abc')
})
