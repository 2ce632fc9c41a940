import { rm } from 'node:fs/promises'
import { bandHashes } from './min-hash.ts'

/** Remembers texts by the hashes of their bands, on the disk: the memory does not grow with them. */
export interface NearDuplicateIndex {
  /** @param signatures of the parts of a sample, each of which is compared with its like */
  lookUp(signatures: readonly Uint32Array[]): Promise<LookedUp>
  /** Removes the folder. */
  dispose(): Promise<void>
}

export interface LookedUp {
  /** For each part the numbers of the samples that may be near-duplicates of it, least first. */
  readonly candidates: readonly (readonly number[])[]
  /** Adds the sample under a number. */
  remember(number: number): Promise<void>
}

/**
 * Opens an empty index (LevelDB) in a folder that it makes for itself; one that was left behind is
 * removed. Under each hash the first sample is remembered.
 */
export async function openNearDuplicateIndex(folder: string): Promise<NearDuplicateIndex> {
  const { ClassicLevel } = await import('classic-level')
  const remove = () => rm(folder, { recursive: true, force: true })
  await remove()
  const encodings = { keyEncoding: 'view', valueEncoding: 'view' } as const
  const database = new ClassicLevel<Uint8Array, Uint8Array>(folder, encodings)
  await database.open()
  return {
    async lookUp(signatures) {
      const keys = signatures.map((signature, part) =>
        bandHashes(signature).map((hash, band) => renderKey(part, band, hash)),
      )
      const found = await Promise.all(keys.map((some) => database.getMany(some)))
      return {
        candidates: found.map((values) =>
          [...new Set(values.filter((value) => value !== undefined).map(readNumber))].sort(
            (a, b) => a - b,
          ),
        ),
        async remember(number) {
          const value = renderNumber(number)
          const missing = keys.flat().filter((_, at) => found.flat()[at] === undefined)
          await database.batch(missing.map((key) => ({ type: 'put', key, value })))
        },
      }
    },
    async dispose() {
      await database.close()
      await remove()
    },
  }
}

function renderKey(part: number, band: number, hash: number): Uint8Array {
  const key = Buffer.alloc(6)
  key[0] = part
  key[1] = band
  key.writeUInt32LE(hash, 2)
  return key
}

function renderNumber(number: number): Uint8Array {
  const value = Buffer.alloc(4)
  value.writeUInt32LE(number)
  return value
}

const readNumber = (value: Uint8Array) =>
  Buffer.from(value.buffer, value.byteOffset, value.byteLength).readUInt32LE()
