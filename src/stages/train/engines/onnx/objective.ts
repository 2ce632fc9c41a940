import {
  createDecoder,
  headParameter,
  type Model,
  type Parameters,
} from '../../../../nn/models/index.ts'
import { createSession, type HostTensor, type Session } from '../../../../nn/runtime/index.ts'
import { crossEntropyHead, distillHead } from './head-graphs.ts'
import type { DistilledPosition, LabelledPosition, Pack, View } from './pack-step.ts'

/** Sums over the positions of what was computed; `loss` carries the factors of the plan. */
export interface ObjectiveSums {
  loss: number
  crossEntropy: Record<View, { sum: number; positions: number }>
  klDivergence: { sum: number; positions: number }
}

/** Factors on the parts of the objective; 1 each in training. */
export interface ObjectiveTerms {
  readonly teacherCrossEntropy: number
  readonly studentCrossEntropy: number
  readonly klDivergence: number
}

export interface ObjectiveOptions {
  readonly threads?: number
  readonly temperature: number
  readonly keepActivations: boolean
  readonly terms?: ObjectiveTerms
}

/** Computes the objective of design §4 and its gradient on packs of a step. */
export interface Objective {
  /** Adds the gradient of the pack's share of the loss to `sums`. */
  accumulate(pack: Pack, sums: Parameters): Promise<ObjectiveSums>
  dispose(): Promise<void>
}

/** Logits of one run of a head, in float32 elements (32 MiB). */
const logitBudget = 8 * 2 ** 20

export async function createObjective(
  model: Model,
  { threads, temperature, keepActivations, terms = everyTerm }: ObjectiveOptions,
): Promise<Objective> {
  const { config, parameters } = model
  const { hiddenSize } = config
  const sessionOptions = threads ? { threads } : {}
  const decoder = createDecoder(model, sessionOptions)
  const plainHead = await createSession(crossEntropyHead(config), sessionOptions)
  const pairHead = await createSession(distillHead(config, temperature), sessionOptions)
  const names = { norm: 'model.norm.weight', head: headParameter(config) }
  const rowsPerRun = Math.max(16, Math.floor(logitBudget / config.vocabularySize))

  async function runHead(session: Session, feeds: Record<string, HostTensor>, sums: Parameters) {
    const results = await session.run({
      ...feeds,
      norm: parameters.get(names.norm)!,
      head: parameters.get(names.head)!,
      'sum:norm': sums.get(names.norm)!,
      'sum:head': sums.get(names.head)!,
    })
    sums.set(names.norm, results['sum:norm']!)
    sums.set(names.head, results['sum:head']!)
    return results
  }

  return {
    async accumulate(pack, gradientSums) {
      const { hidden, tape } = await decoder.forward(pack, { keepActivations })
      const dHidden = new Float32Array(hidden.length)
      const total = emptySums()

      for (const chunk of chunksOf(pack.labelled, rowsPerRun)) {
        const feeds = positionFeeds(chunk, hidden, hiddenSize, terms)
        const results = await runHead(plainHead, feeds, gradientSums)
        scatter(dHidden, chunk, results['d:x']!.data, hiddenSize)
        addCrossEntropy(total, chunk, results.nll!.data, terms)
      }
      for (const chunk of chunksOf(pack.distilled, Math.ceil(rowsPerRun / 2))) {
        const both = [...chunk.map((p) => p.teacher), ...chunk.map((p) => p.student)]
        const feeds = pairFeeds(chunk, both, hidden, hiddenSize, terms)
        const results = await runHead(pairHead, feeds, gradientSums)
        scatter(dHidden, both, results['d:x']!.data, hiddenSize)
        addCrossEntropy(total, both, results.nll!.data, terms)
        addDivergence(total, chunk, results.kl!.data, terms)
      }
      await decoder.backward(tape, dHidden, gradientSums)
      return total
    },
    async dispose() {
      await decoder.dispose()
      await plainHead.dispose()
      await pairHead.dispose()
    },
  }
}

const everyTerm = { teacherCrossEntropy: 1, studentCrossEntropy: 1, klDivergence: 1 }

export function emptySums(): ObjectiveSums {
  const none = () => ({ sum: 0, positions: 0 })
  return {
    loss: 0,
    crossEntropy: { teacher: none(), student: none(), plain: none() },
    klDivergence: none(),
  }
}

/** Adds `part` to `total`. */
export function addSums(total: ObjectiveSums, part: ObjectiveSums): void {
  total.loss += part.loss
  for (const view of ['teacher', 'student', 'plain'] as const) {
    total.crossEntropy[view].sum += part.crossEntropy[view].sum
    total.crossEntropy[view].positions += part.crossEntropy[view].positions
  }
  total.klDivergence.sum += part.klDivergence.sum
  total.klDivergence.positions += part.klDivergence.positions
}

const termOf = (terms: ObjectiveTerms, view: View) =>
  view === 'student' ? terms.studentCrossEntropy : terms.teacherCrossEntropy

function positionFeeds(
  positions: readonly LabelledPosition[],
  hidden: Float32Array,
  width: number,
  terms: ObjectiveTerms,
) {
  const rows = positions.length
  const x = new Float32Array(rows * width)
  positions.forEach(({ index }, row) => {
    x.set(hidden.subarray(index * width, (index + 1) * width), row * width)
  })
  const label = BigInt64Array.from(positions, (position) => BigInt(position.label))
  const scale = Float32Array.from(positions, (p) => p.scale * termOf(terms, p.view))
  return {
    x: { data: x, shape: [rows, width] },
    label: { data: label, shape: [rows, 1] },
    scale: { data: scale, shape: [rows, 1] },
  }
}

function pairFeeds(
  pairs: readonly DistilledPosition[],
  both: readonly LabelledPosition[],
  hidden: Float32Array,
  width: number,
  terms: ObjectiveTerms,
) {
  const rows = pairs.length
  const { x, label, scale } = positionFeeds(both, hidden, width, terms)
  const distillScale = Float32Array.from(pairs, (pair) => pair.scale * terms.klDivergence)
  return {
    x: { data: x.data, shape: [2, rows, width] },
    label: { data: label.data, shape: [2, rows, 1] },
    scale: { data: scale.data, shape: [2, rows, 1] },
    distillScale: { data: distillScale, shape: [rows, 1] },
  }
}

function scatter(
  dHidden: Float32Array,
  positions: readonly LabelledPosition[],
  rows: Float32Array,
  width: number,
): void {
  positions.forEach(({ index }, row) => {
    for (let column = 0; column < width; column++) {
      dHidden[index * width + column]! += rows[row * width + column]!
    }
  })
}

function addCrossEntropy(
  total: ObjectiveSums,
  positions: readonly LabelledPosition[],
  nll: Float32Array,
  terms: ObjectiveTerms,
): void {
  positions.forEach(({ view, scale }, row) => {
    if (scale === 0) return
    const sums = total.crossEntropy[view]
    sums.sum += nll[row]!
    sums.positions += 1
    total.loss += scale * termOf(terms, view) * nll[row]!
  })
}

function addDivergence(
  total: ObjectiveSums,
  pairs: readonly DistilledPosition[],
  kl: Float32Array,
  terms: ObjectiveTerms,
): void {
  pairs.forEach(({ scale }, row) => {
    total.klDivergence.sum += kl[row]!
    total.klDivergence.positions += 1
    total.loss += scale * terms.klDivergence * kl[row]!
  })
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = []
  for (let start = 0; start < items.length; start += size) {
    chunks.push(items.slice(start, start + size))
  }
  return chunks
}
