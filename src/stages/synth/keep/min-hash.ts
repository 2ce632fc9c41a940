/**
 * Near-duplicates by MinHash (Broder 1997) with locality-sensitive hashing, with the parameters that
 * BigCode published for code (https://huggingface.co/blog/dedup): 256 permutations over word
 * 5-grams, Jaccard similarity from 0.7, found through 25 bands of 10 rows.
 */
export const minHashParameters = { permutations: 256, gram: 5, bands: 25, rows: 10 } as const

const { permutations, gram, bands, rows } = minHashParameters

/** Signature of a text, 256 numbers. Texts shorter than a gram are one. */
export function minHash(text: string): Uint32Array {
  const words = text.toLowerCase().match(/[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? []
  const signature = new Uint32Array(permutations).fill(0xffffffff)
  const last = Math.max(1, words.length - gram + 1)
  const seen = new Set<number>()
  for (let start = 0; start < last; start++) {
    const hash = hashText(words.slice(start, start + gram).join(' '))
    if (seen.has(hash)) continue
    seen.add(hash)
    for (let index = 0; index < permutations; index++) {
      const value = mix(hash, multipliers[index] as number, increments[index] as number)
      if (value < (signature[index] as number)) signature[index] = value
    }
  }
  return signature
}

/** Estimated Jaccard similarity of the texts. */
export function similarity(a: Uint32Array, b: Uint32Array): number {
  let equal = 0
  for (let index = 0; index < permutations; index++) if (a[index] === b[index]) equal += 1
  return equal / permutations
}

export const encodeSignature = (signature: Uint32Array): string =>
  Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength).toString('base64')

export function decodeSignature(text: string): Uint32Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'))
  return new Uint32Array(bytes.buffer)
}

/** A hash of each band: texts that share one at the same place may be near-duplicates. */
export function bandHashes(signature: Uint32Array): number[] {
  return Array.from({ length: bands }, (_, band) => bandHash(signature, band))
}

function bandHash(signature: Uint32Array, band: number): number {
  let hash = 0x811c9dc5
  for (let row = band * rows; row < (band + 1) * rows; row++) {
    hash = mix(hash ^ (signature[row] as number), 0x9e3779b1, row)
  }
  return hash
}

/** FNV-1a over UTF-16 units, then mixed. */
function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  }
  return mix(hash, 0x85ebca6b, 0)
}

/** A permutation of 32-bit numbers, another for each odd factor and increment. */
function mix(value: number, factor: number, increment: number): number {
  let mixed = Math.imul(value, factor) + increment
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

const multipliers = Uint32Array.from(
  { length: permutations },
  (_, index) => mix(index + 1, 0x9e3779b1, 0x1234567) | 1,
)

const increments = Uint32Array.from({ length: permutations }, (_, index) =>
  mix(index + 1, 0xc2b2ae35, 0x89abcdef),
)
