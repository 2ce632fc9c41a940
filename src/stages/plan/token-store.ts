import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type AtomicWriter, createAtomicWriter } from '../../core/index.ts'
import { openSafetensors, writeSafetensors } from '../../nn/weights/index.ts'
import { planFiles } from './format.ts'

/** Collects the tokens of all samples on disk; only their lengths stay in memory. */
export interface TokenStore {
  readonly samples: number
  lengthOf(sample: number): number
  append(ids: readonly number[]): Promise<void>
  /** Writes `tokens.safetensors` and removes what was spilled. */
  finish(): Promise<void>
  discard(): Promise<void>
}

/** Where tokens lie until their number is known. */
export const spillFile = '.tokens.spill'

/** Tokens held back before they are written out. */
const defaultChunkTokens = 2 ** 18

export async function createTokenStore(
  folder: string,
  chunkTokens = defaultChunkTokens,
): Promise<TokenStore> {
  const spill = join(folder, spillFile)
  const spilled: AtomicWriter = await createAtomicWriter(spill)
  const lengths = new GrowingArray()
  let chunk = new Int32Array(chunkTokens)
  let filled = 0
  const flush = async () => {
    await spilled.write(new Uint8Array(chunk.buffer, 0, filled * 4))
    filled = 0
  }
  return {
    get samples() {
      return lengths.length
    },
    lengthOf: (sample) => lengths.at(sample),
    async append(ids) {
      if (filled + ids.length > chunk.length) await flush()
      if (ids.length > chunk.length) chunk = new Int32Array(ids.length)
      chunk.set(ids, filled)
      filled += ids.length
      lengths.push(ids.length)
    },
    async finish() {
      await flush()
      await spilled.commit()
      const offsets = offsetsOf(lengths)
      const total = Number(offsets[offsets.length - 1])
      await writeSafetensors(join(folder, planFiles.tokens), [
        { name: 'tokens', dtype: 'I32', shape: [total], data: readSpill(spill) },
        { name: 'offsets', dtype: 'I64', shape: [offsets.length], data: offsets },
      ])
      await rm(spill, { force: true })
    },
    async discard() {
      await spilled.discard()
      await rm(spill, { force: true })
    },
  }
}

/** Reads samples one by one from `tokens.safetensors`. */
export async function openSampleReader(folder: string, store: TokenStore) {
  const file = await openSafetensors(join(folder, planFiles.tokens))
  const offsets = await file.readInt64('offsets')
  return {
    async read(sample: number): Promise<Int32Array> {
      const start = Number(offsets[sample]) * 4
      const bytes = await file.readBytes('tokens', start, store.lengthOf(sample) * 4)
      return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    },
    close: () => file.close(),
  }
}

async function* readSpill(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, { highWaterMark: 2 ** 20 })
}

function offsetsOf(lengths: GrowingArray): BigInt64Array {
  const offsets = new BigInt64Array(lengths.length + 1)
  for (let sample = 0; sample < lengths.length; sample++) {
    offsets[sample + 1] = offsets[sample]! + BigInt(lengths.at(sample))
  }
  return offsets
}

/** Whole numbers below 2^32, four bytes each. */
class GrowingArray {
  #values = new Uint32Array(1024)
  length = 0

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Uint32Array(2 * this.length)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[this.length] = value
    this.length += 1
  }

  at(index: number): number {
    return this.#values[index]!
  }
}
