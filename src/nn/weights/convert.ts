/** Half-width float types that are widened on reading and rounded on writing. */
export type HalfType = 'F16' | 'BF16'

/** Widens 16-bit floats into `target`, exactly (NaN payloads included). */
export function widenHalves(type: HalfType, source: Uint16Array, target: Float32Array): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length)
  if (type === 'BF16') {
    for (let i = 0; i < source.length; i++) bits[i] = source[i]! << 16
    return
  }
  const table = halfBits()
  for (let i = 0; i < source.length; i++) bits[i] = table[source[i]!]!
}

/** Rounds to nearest, ties to even; what is too large becomes infinite, NaN stays NaN. */
export function roundToHalves(type: HalfType, source: Float32Array): Uint16Array {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length)
  const target = new Uint16Array(source.length)
  const round = type === 'BF16' ? roundToBrainFloat : roundToHalf
  for (let i = 0; i < bits.length; i++) target[i] = round(bits[i]!)
  return target
}

/** Bits of the nearest bfloat16 of the bits of a float32. */
function roundToBrainFloat(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40 // a quiet NaN
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16
}

/** Bits of the nearest IEEE half of the bits of a float32. */
function roundToHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff)
  if (magnitude >= 0x477ff000) return sign | 0x7c00 // 65520 and more
  if (magnitude >= 0x38800000) {
    // Normal: exponent bias 127 → 15, 23 → 10 bits of fraction.
    const rounded = magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)
    return sign | (rounded >>> 13)
  }
  if (magnitude <= 0x33000000) return sign // 2^-25, half of the least subnormal, ties to zero
  const exponent = magnitude >>> 23
  const fraction = (magnitude & 0x7fffff) | 0x800000
  const shift = 126 - exponent // 14 … 24
  const kept = fraction >>> shift
  const rest = fraction & (2 ** shift - 1)
  const half = 2 ** (shift - 1)
  return sign | (kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0))
}

let widened: Float32Array | undefined

/** The values of all 65,536 halves, by their bits. */
export function halfTable(): Float32Array {
  widened ??= widenAllHalves()
  return widened
}

/** The same as bits of float32, so that NaN payloads are kept. */
function halfBits(): Uint32Array {
  return new Uint32Array(halfTable().buffer)
}

function widenAllHalves(): Float32Array {
  const values = new Float32Array(65536)
  const bits = new Uint32Array(values.buffer)
  for (let half = 0; half < 65536; half++) {
    const exponent = (half >>> 10) & 31
    const fraction = half & 0x3ff
    if (exponent === 31) {
      bits[half] = (((half & 0x8000) << 16) | 0x7f800000 | (fraction << 13)) >>> 0
      continue
    }
    const magnitude =
      exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25)
    values[half] = half & 0x8000 ? -magnitude : magnitude
  }
  return values
}
