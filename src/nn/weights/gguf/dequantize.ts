import { halfTable, widenHalves } from '../convert.ts'

/** Widens whole blocks of `bytes` into `target`, whose length is a multiple of the block size. */
type Dequantize = (bytes: Uint8Array, target: Float32Array) => void

/**
 * Values of blocks by type name, as ggml defines them (`ggml-common.h`, `ggml-quants.c`). Every
 * product fits float32 or is rounded once, so results are those of ggml bit for bit.
 */
export const dequantizers: Readonly<Record<string, Dequantize>> = {
  F32: (bytes, target) => {
    new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(bytes)
  },
  F16: (bytes, target) => widenHalves('F16', halvesOf(bytes), target),
  BF16: (bytes, target) => widenHalves('BF16', halvesOf(bytes), target),
  Q4_0: fourBits({ blockBytes: 18, hasMinimum: false }),
  Q4_1: fourBits({ blockBytes: 20, hasMinimum: true }),
  Q5_0: fiveBits({ blockBytes: 22, hasMinimum: false }),
  Q5_1: fiveBits({ blockBytes: 24, hasMinimum: true }),
  Q8_0: eightBits,
  Q4_K: superBlocks({ blockBytes: 144, hasFifthBit: false }),
  Q5_K: superBlocks({ blockBytes: 176, hasFifthBit: true }),
  Q6_K: sixBits,
}

function halvesOf(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2)
}

/** Adding it changes nothing, not even the sign of a zero. */
const noMinimum = -0

/** 32 elements: scale, minimum if there is one, 16 bytes of which low halves come first. */
function fourBits({ blockBytes, hasMinimum }: { blockBytes: number; hasMinimum: boolean }) {
  const middle = hasMinimum ? 0 : 8
  return (bytes: Uint8Array, target: Float32Array): void => {
    const half = halfTable()
    for (let from = 0, to = 0; to < target.length; from += blockBytes, to += 32) {
      const scale = half[bytes[from]! | (bytes[from + 1]! << 8)]!
      const minimum = hasMinimum ? half[bytes[from + 2]! | (bytes[from + 3]! << 8)]! : noMinimum
      const packed = from + (hasMinimum ? 4 : 2)
      for (let i = 0; i < 16; i++) {
        const pair = bytes[packed + i]!
        target[to + i] = scale * ((pair & 15) - middle) + minimum
        target[to + i + 16] = scale * ((pair >> 4) - middle) + minimum
      }
    }
  }
}

/** As four bits, with the fifth bits of all 32 elements in four bytes before. */
function fiveBits({ blockBytes, hasMinimum }: { blockBytes: number; hasMinimum: boolean }) {
  const middle = hasMinimum ? 0 : 16
  return (bytes: Uint8Array, target: Float32Array): void => {
    const half = halfTable()
    for (let from = 0, to = 0; to < target.length; from += blockBytes, to += 32) {
      const scale = half[bytes[from]! | (bytes[from + 1]! << 8)]!
      const minimum = hasMinimum ? half[bytes[from + 2]! | (bytes[from + 3]! << 8)]! : noMinimum
      const fifth = from + (hasMinimum ? 4 : 2)
      const bits =
        bytes[fifth]! |
        (bytes[fifth + 1]! << 8) |
        (bytes[fifth + 2]! << 16) |
        (bytes[fifth + 3]! << 24)
      for (let i = 0; i < 16; i++) {
        const pair = bytes[fifth + 4 + i]!
        const low = (pair & 15) | (((bits >>> i) & 1) << 4)
        const high = (pair >> 4) | (((bits >>> (i + 16)) & 1) << 4)
        target[to + i] = scale * (low - middle) + minimum
        target[to + i + 16] = scale * (high - middle) + minimum
      }
    }
  }
}

/** 32 signed bytes after their scale. */
function eightBits(bytes: Uint8Array, target: Float32Array): void {
  const half = halfTable()
  for (let from = 0, to = 0; to < target.length; from += 34, to += 32) {
    const scale = half[bytes[from]! | (bytes[from + 1]! << 8)]!
    for (let i = 0; i < 32; i++) target[to + i] = scale * signed(bytes[from + 2 + i]!)
  }
}

/**
 * 256 elements in eight groups of 32, each with a scale and a minimum of six bits: two halves,
 * 12 bytes of packed scales and minimums, for five bits 32 bytes of fifth bits, 128 bytes of pairs.
 */
function superBlocks({ blockBytes, hasFifthBit }: { blockBytes: number; hasFifthBit: boolean }) {
  return (bytes: Uint8Array, target: Float32Array): void => {
    const half = halfTable()
    for (let from = 0, to = 0; to < target.length; from += blockBytes, to += 256) {
      const allScales = half[bytes[from]! | (bytes[from + 1]! << 8)]!
      const allMinimums = half[bytes[from + 2]! | (bytes[from + 3]! << 8)]!
      const fifth = from + 16
      const pairs = hasFifthBit ? fifth + 32 : fifth
      for (let group = 0; group < 8; group++) {
        const { scale, minimum } = unpackScale(bytes, from + 4, group)
        const step = allScales * scale
        const base = allMinimums * minimum
        const first = pairs + (group >> 1) * 32
        const shift = (group & 1) * 4
        for (let i = 0; i < 32; i++) {
          const low = (bytes[first + i]! >> shift) & 15
          const high = hasFifthBit ? ((bytes[fifth + i]! >> group) & 1) << 4 : 0
          target[to + group * 32 + i] = step * (low | high) - base
        }
      }
    }
  }
}

/** Six-bit scale and minimum of a group; the last four groups keep two bits with the first four. */
function unpackScale(bytes: Uint8Array, at: number, group: number) {
  if (group < 4) return { scale: bytes[at + group]! & 63, minimum: bytes[at + group + 4]! & 63 }
  const low = bytes[at + group + 4]!
  return {
    scale: (low & 15) | ((bytes[at + group - 4]! >> 6) << 4),
    minimum: (low >> 4) | ((bytes[at + group]! >> 6) << 4),
  }
}

/** 256 elements: 128 bytes of four low bits, 64 of two high bits, 16 signed scales, one for all. */
function sixBits(bytes: Uint8Array, target: Float32Array): void {
  const half = halfTable()
  for (let from = 0, to = 0; to < target.length; from += 210, to += 256) {
    const allScales = half[bytes[from + 208]! | (bytes[from + 209]! << 8)]!
    for (let group = 0; group < 16; group++) {
      // Groups of 16 elements; each half of the block interleaves its four quarters of 32.
      const part = group >> 3
      const quarter = (group & 7) >> 1
      const column = (group & 1) * 16
      const lows = from + part * 64 + (quarter & 1) * 32 + column
      const highs = from + 128 + part * 32 + column
      const lowShift = (quarter >> 1) * 4
      const highShift = quarter * 2
      const step = allScales * signed(bytes[from + 192 + group]!)
      for (let i = 0; i < 16; i++) {
        const low = (bytes[lows + i]! >> lowShift) & 15
        const high = (bytes[highs + i]! >> highShift) & 3
        target[to + group * 16 + i] = step * ((low | (high << 4)) - 32)
      }
    }
  }
}

const signed = (byte: number) => (byte << 24) >> 24
