import { ownBuffer, worthwhileBytes } from './release-buffer.ts'

/**
 * Memory for large arrays that come and go, run after run: it stays with the process, because fresh
 * pages cost more than what most operations do with them. `releaseBuffer` gives an array back; its
 * elements may then be those of another one.
 */
export interface WorkMemory {
  /** An array without defined values. */
  take(length: number): Float32Array
  /** Bytes of arrays that were not given back, alignment included. */
  readonly takenBytes: number
}

/** Bytes [start, end) that are not taken. */
interface Gap {
  start: number
  end: number
}

interface Slab {
  readonly buffer: ArrayBuffer
  /** In ascending order; no two touch. */
  readonly gaps: Gap[]
}

export interface WorkMemoryOptions {
  /** Smaller arrays, in bytes, are left to the collector; default 1 MiB. */
  readonly smallest?: number
  /**
   * What is allocated at once, or more for a larger array; default 512 MiB. Pages count when they
   * are first written.
   */
  readonly slabBytes?: number
}

const alignment = 64

export function createWorkMemory({
  smallest = worthwhileBytes,
  slabBytes = 512 * 2 ** 20,
}: WorkMemoryOptions = {}): WorkMemory {
  const slabs: Slab[] = []
  let takenBytes = 0

  function addSlab(size: number): Slab {
    const buffer = new ArrayBuffer(Math.max(size, slabBytes))
    const slab = { buffer, gaps: [{ start: 0, end: buffer.byteLength }] }
    slabs.push(slab)
    ownBuffer(buffer, ({ byteOffset, byteLength }) => {
      const size = alignedBytes(byteLength)
      addGap(slab.gaps, { start: byteOffset, end: byteOffset + size })
      takenBytes -= size
    })
    return slab
  }

  return {
    /** The first gap that is wide enough, so that what is used lies close together. */
    take(length) {
      const size = alignedBytes(4 * length)
      if (4 * length < smallest || length === 0) return new Float32Array(length)
      const fits = ({ start, end }: Gap) => end - start >= size
      const slab = slabs.find(({ gaps }) => gaps.some(fits)) ?? addSlab(size)
      const index = slab.gaps.findIndex(fits)
      const gap = slab.gaps[index]!
      const array = new Float32Array(slab.buffer, gap.start, length)
      gap.start += size
      if (gap.start === gap.end) slab.gaps.splice(index, 1)
      takenBytes += size
      return array
    },
    get takenBytes() {
      return takenBytes
    },
  }
}

const alignedBytes = (bytes: number) => Math.ceil(bytes / alignment) * alignment

/** Makes bytes a gap again, one with the gaps that they touch. */
function addGap(gaps: Gap[], { start, end }: Gap): void {
  const next = gaps.findIndex((gap) => gap.start >= start)
  const index = next === -1 ? gaps.length : next
  const [before, after] = [gaps[index - 1], gaps[index]]
  if ((before?.end ?? 0) > start || (after?.start ?? Number.POSITIVE_INFINITY) < end) {
    throw new Error('an array was given back twice')
  }
  const joinsBefore = before?.end === start
  const joinsAfter = after?.start === end
  const gap = { start: joinsBefore ? before.start : start, end: joinsAfter ? after.end : end }
  gaps.splice(joinsBefore ? index - 1 : index, Number(joinsBefore) + Number(joinsAfter), gap)
}
