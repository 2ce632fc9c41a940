import type { DecoderConfig, PackedRow, Projections } from '../models/index.ts'
import type { HostTensor } from '../runtime/index.ts'

/** Keys and values of the sequences of a batch, for every layer. */
export interface KeyValueCache {
  /** Tokens of each sequence that are in the cache. */
  readonly lengths: readonly number[]
  /** Stores what a forward pass over packed prompts made; row i is sequence `first` + i. */
  fill(layer: number, projections: Projections, rows: readonly PackedRow[], first: number): void
  /** Makes room for one more token of each sequence. */
  grow(): void
  /** Stores the newest token's keys and values, [sequences, keyValueHeads · size]. */
  append(layer: number, projections: Projections): void
  /** Keys and values [sequences, keyValueHeads, capacity, size] of a layer. */
  read(layer: number): { keys: HostTensor<Float32Array>; values: HostTensor<Float32Array> }
  /** [sequences, 1, 1, capacity]: 0 at the last `window` tokens of the sequence, −∞ elsewhere. */
  mask(window: number): HostTensor<Float32Array>
  /** Keeps only these sequences, in this order. */
  keep(sequences: readonly number[]): void
}

/** Room is made for this many tokens at a time. */
const capacityStep = 64

export function createKeyValueCache(
  { layers, keyValueHeads, headSize }: DecoderConfig,
  promptLengths: readonly number[],
): KeyValueCache {
  let lengths = [...promptLengths]
  let capacity = roundUp(Math.max(...lengths))
  const empty = () => new Float32Array(lengths.length * keyValueHeads * capacity * headSize)
  let tables = Array.from({ length: layers }, () => ({ keys: empty(), values: empty() }))

  /** Copies sequences into tables of another capacity. */
  function relocate(sequences: readonly number[], newCapacity: number): void {
    const block = capacity * headSize
    const newBlock = newCapacity * headSize
    const move = (old: Float32Array) => {
      const moved = new Float32Array(sequences.length * keyValueHeads * newBlock)
      sequences.forEach((sequence, index) => {
        const used = lengths[sequence]! * headSize
        for (let head = 0; head < keyValueHeads; head++) {
          const from = (sequence * keyValueHeads + head) * block
          const to = (index * keyValueHeads + head) * newBlock
          moved.set(old.subarray(from, from + used), to)
        }
      })
      return moved
    }
    tables = tables.map(({ keys, values }) => ({ keys: move(keys), values: move(values) }))
    lengths = sequences.map((sequence) => lengths[sequence]!)
    capacity = newCapacity
  }

  /** Copies rows [tokens, keyValueHeads · size] to a sequence's places from `position` on. */
  function store(
    table: Float32Array,
    rows: Float32Array,
    row: PackedRow,
    sequence: number,
    position: number,
  ): void {
    const width = keyValueHeads * headSize
    for (let token = 0; token < row.length; token++) {
      for (let head = 0; head < keyValueHeads; head++) {
        const from = (row.start + token) * width + head * headSize
        const to = ((sequence * keyValueHeads + head) * capacity + position + token) * headSize
        table.set(rows.subarray(from, from + headSize), to)
      }
    }
  }

  return {
    get lengths() {
      return lengths
    },
    fill(layer, { keys, values }, rows, first) {
      const table = tables[layer]!
      rows.forEach((row, index) => {
        store(table.keys, keys, row, first + index, 0)
        store(table.values, values, row, first + index, 0)
      })
    },
    grow() {
      const longest = Math.max(...lengths) + 1
      if (longest > capacity) relocate([...lengths.keys()], roundUp(longest))
      lengths = lengths.map((length) => length + 1)
    },
    append(layer, { keys, values }) {
      const table = tables[layer]!
      lengths.forEach((length, sequence) => {
        const row = { start: sequence, length: 1 }
        store(table.keys, keys, row, sequence, length - 1)
        store(table.values, values, row, sequence, length - 1)
      })
    },
    read(layer) {
      const shape = [lengths.length, keyValueHeads, capacity, headSize]
      const { keys, values } = tables[layer]!
      return { keys: { data: keys, shape }, values: { data: values, shape } }
    },
    mask(window) {
      const data = new Float32Array(lengths.length * capacity)
      lengths.forEach((length, sequence) => {
        const from = sequence * capacity
        data.fill(Number.NEGATIVE_INFINITY, from + length, from + capacity)
        data.fill(Number.NEGATIVE_INFINITY, from, from + Math.max(0, length - window))
      })
      return { data, shape: [lengths.length, 1, 1, capacity] }
    },
    keep(sequences) {
      const longest = Math.max(...sequences.map((sequence) => lengths[sequence]!))
      relocate(sequences, roundUp(longest))
    },
  }
}

const roundUp = (length: number) => Math.ceil((length + 1) / capacityStep) * capacityStep
