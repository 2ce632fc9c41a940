/** A record of TensorFlow's record format: length, data, and a masked CRC-32C of each. */
export function renderRecord(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(8 + 4 + data.length + 4)
  record.writeBigUInt64LE(BigInt(data.length), 0)
  record.writeUInt32LE(maskedChecksum(record.subarray(0, 8)), 8)
  record.set(data, 12)
  record.writeUInt32LE(maskedChecksum(data), 12 + data.length)
  return record
}

/** Rotated and shifted, because the checksum of data that holds checksums says little. */
function maskedChecksum(data: Uint8Array): number {
  const checksum = crc32c(data)
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0
}

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4). */
export function crc32c(data: Uint8Array): number {
  let checksum = 0xffffffff
  for (const byte of data) checksum = (table[(checksum ^ byte) & 0xff] as number) ^ (checksum >>> 8)
  return (checksum ^ 0xffffffff) >>> 0
}

/** Reversed polynomial 0x1edc6f41. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value
})
