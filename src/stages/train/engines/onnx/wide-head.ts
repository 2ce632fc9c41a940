import {
  type AdapterConfig,
  headParameter,
  headRowsName,
  type Parameters,
} from '../../../../nn/models/index.ts'
import { type HostTensor, releaseBuffer, type WorkMemory } from '../../../../nn/runtime/index.ts'
import type { GraphSessions } from './graph-sessions.ts'
import { addRow, type HeadRunner } from './head-runner.ts'
import type { RunnerOptions } from './model-runner.ts'
import { emptySums } from './objective-sums.ts'
import type { Pack } from './pack-step.ts'
import { type GraphSubject, normGradientGraph } from './training-graphs.ts'
import { mixGraph, normGraph, sharesGraph } from './wide-head-graphs.ts'
import {
  addNormalGradient,
  addTerms,
  arrangeRows,
  type HeadMixes,
  type HeadPositions,
  type HeadRows,
} from './wide-head-rows.ts'

export interface WideHeadSizes {
  /** Distributions that are kept between the passes, in bytes; at least one position's. */
  readonly shareBytes: number
  /** Rows of the output matrix in one run. */
  readonly columns: number
}

export const usualSizes: WideHeadSizes = {
  shareBytes: 768 * 2 ** 20,
  columns: 2048,
}

/** A run of the output matrix: its rows [start, end) and what the first pass found there. */
interface Part {
  readonly matrix: HostTensor<Float32Array>
  readonly start: number
  readonly end: number
  readonly shares: HostTensor<Float32Array>
  /** [rows], logarithm of Σ exp(logit) over the part. */
  readonly logSum: Float64Array
}

/**
 * The head for large vocabularies. The output matrix is read in parts, twice: for the distributions,
 * which are kept, and, when their normalisers are known, for the gradients, which go straight to
 * their place. Logits are computed once, and nothing of the size of rows times vocabulary is passed
 * over again; see `HeadRows` for why that is enough.
 */
export function createWideHead(
  subject: GraphSubject,
  parameters: Parameters,
  sessions: GraphSessions,
  { temperature, factors }: RunnerOptions,
  memory: WorkMemory,
  { shareBytes, columns }: WideHeadSizes = usualSizes,
): HeadRunner {
  const { config, adapter } = subject
  const { hiddenSize: width, vocabularySize } = config
  const matrix = () => parameters.get(headParameter(config))!.data
  const tensor = (data: Float32Array) => ({ data, shape: [data.length / width, width] })
  const keptArray = createKeptArrays()
  const rowsTogether = Math.floor(shareBytes / (4 * vocabularySize))

  async function splitVocabulary(x: HostTensor<Float32Array>): Promise<Part[]> {
    const parts: Part[] = []
    for (let start = 0; start < vocabularySize; start += columns) {
      const end = Math.min(start + columns, vocabularySize)
      const rows = tensor(matrix().subarray(start * width, end * width))
      const feeds = { x, matrix: rows }
      const shape = [x.shape[0]!, end - start]
      const place = memory.take(shape[0]! * shape[1]!)
      const column = () => ({ data: new Float32Array(shape[0]!), shape: [shape[0]!, 1] })
      const into = { shares: { data: place, shape }, top: column(), topShare: column() }
      await sessions.run('shares', () => sharesGraph(config), feeds, { into })
      const topShare = into.topShare.data
      const logSum = Float64Array.from(into.top.data, (top, i) => top - Math.log(topShare[i]!))
      parts.push({ matrix: rows, start, end, shares: into.shares, logSum })
    }
    return parts
  }

  async function mixParts(parts: readonly Part[], rows: HeadRows, sums: Parameters) {
    const logNormal = logSumExp(parts.map(({ logSum }) => logSum))
    const place = adapter ? undefined : headGradient(sums)
    const mix = tensor(new Float32Array(rows.x.length))
    for (const part of parts) {
      const { start, end, logSum, shares } = part
      const factor = Float32Array.from(logSum, (each, row) => Math.exp(each - logNormal[row]!))
      const isWanted = !adapter || holdsTokens(adapter, start, end)
      const kind = isWanted ? (place && !place.isNew ? 'added' : 'new') : 'none'
      const gradient = place
        ? tensor(place.data.subarray(start * width, end * width))
        : tensor(keptArray('part of the gradient', (end - start) * width))
      await sessions.run(
        `mix:${kind}`,
        () => mixGraph(config, kind),
        {
          shares,
          factor: { data: factor, shape: [rows.count, 1] },
          matrix: part.matrix,
          mix,
          pull: tensor(rows.pull),
          ...(kind === 'added' ? { gradient } : {}),
        },
        { into: { mix, ...(kind === 'none' ? {} : { gradient }) } },
      )
      releaseBuffer(shares.data)
      if (adapter && isWanted) addTokenRows(sums, adapter, gradient.data, start, end)
    }
    return { logNormal, mix: mix.data }
  }

  /** The sum of the output matrix; memory without values where there is none yet. */
  function headGradient(sums: Parameters) {
    const name = headParameter(config)
    const known = sums.get(name)
    if (known) return { data: known.data, isNew: false }
    const data = keptArray('gradient', vocabularySize * width)
    sums.set(name, tensor(data))
    return { data, isNew: true }
  }

  function tokenRows(sums: Parameters, { tokenIds }: AdapterConfig) {
    const name = headRowsName(config)
    if (!sums.has(name)) sums.set(name, tensor(new Float32Array(tokenIds.length * width)))
    return sums.get(name)!.data
  }

  function addTokenRows(
    sums: Parameters,
    adapter: AdapterConfig,
    gradient: Float32Array,
    start: number,
    end: number,
  ): void {
    const rows = tokenRows(sums, adapter)
    adapter.tokenIds.forEach((id, row) => {
      if (id >= start && id < end) addRow(rows, row, gradient, id - start, width)
    })
  }

  /** −factor · x at the row of each label. */
  function addLabelRows(sums: Parameters, { x, entropies }: HeadRows): void {
    if (adapter?.tokenIds.length === 0) return
    const rows = adapter ? tokenRows(sums, adapter) : sums.get(headParameter(config))!.data
    const first = adapter?.tokenIds[0] ?? 0
    const size = rows.length / width
    entropies.forEach(({ label, factor }, row) => {
      const place = label - first
      if (factor !== 0 && place >= 0 && place < size) addRow(rows, place, x, row, width, -factor)
    })
  }

  return async (pack, hidden, placeOf, sums) => {
    const objective = emptySums()
    const x = tensor(hidden)
    const { normal } = await sessions.run('norm', () => normGraph(config), { x })
    const dNormal = new Float32Array(hidden.length)
    for (const positions of groupPositions(pack, rowsTogether, temperature === 1 ? 2 : 4)) {
      const rows = arrangeRows(positions, normal!.data, placeOf, width, temperature, factors)
      const parts = await splitVocabulary(tensor(rows.x))
      const mixes: HeadMixes = await mixParts(parts, rows, sums)
      addTerms(objective, positions, rows, mixes, matrix(), factors)
      addNormalGradient(dNormal, rows, mixes, matrix(), temperature)
      addLabelRows(sums, rows)
    }
    const results = await sessions.runGradients(
      'norm-gradient',
      (accumulates) => normGradientGraph(subject, accumulates),
      { x, 'd:y': tensor(dNormal) },
      sums,
    )
    return { objective, dHidden: results['d:x']!.data }
  }
}

/**
 * Arrays that stay from step to step, without defined values: to touch fresh pages by the gigabyte
 * takes a tenth of a step. Each is a part of a larger buffer, so `releaseBuffer` lets it be.
 */
function createKeptArrays(): (name: string, length: number) => Float32Array {
  const buffers = new Map<string, Float32Array>()
  return (name, length) => {
    const known = buffers.get(name)
    const buffer = known && known.length > length ? known : new Float32Array(length + 1)
    buffers.set(name, buffer)
    return buffer.subarray(0, length)
  }
}

const holdsTokens = ({ tokenIds }: AdapterConfig, start: number, end: number) =>
  tokenIds.some((id) => id >= start && id < end)

/** Positions in groups of like size, of at most `limit` rows where a position has no more. */
function groupPositions(
  { labelled, distilled }: Pack,
  limit: number,
  rowsOfPair: number,
): HeadPositions[] {
  const rows = labelled.length + rowsOfPair * distilled.length
  const count = Math.max(1, Math.ceil(rows / Math.max(1, limit)))
  const share = <T>(items: readonly T[], group: number) =>
    items.slice(
      Math.floor((group * items.length) / count),
      Math.floor(((group + 1) * items.length) / count),
    )
  return Array.from({ length: count }, (_, group) => ({
    labelled: share(labelled, group),
    distilled: share(distilled, group),
  })).filter((group) => group.labelled.length + group.distilled.length > 0)
}

/** log Σ exp over parts, for each row. */
function logSumExp(parts: readonly Float64Array[]): Float64Array {
  return parts[0]!.map((_, row) => {
    const largest = parts.reduce(
      (most, part) => Math.max(most, part[row]!),
      Number.NEGATIVE_INFINITY,
    )
    const sum = parts.reduce((total, part) => total + Math.exp(part[row]! - largest), 0)
    return largest + Math.log(sum)
  })
}
