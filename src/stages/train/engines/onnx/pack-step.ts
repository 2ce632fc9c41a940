import type { PackedTokens } from '../../../../nn/models/index.ts'
import type { MicroBatch, PlannedRow } from '../../../plan/index.ts'

/** The three parts of the objective, for reports and for gradients of one part alone. */
export type View = PlannedRow['view']

/** Positions whose logits are trained by cross-entropy only. */
export interface LabelledPosition {
  /** Index among the packed tokens. */
  readonly index: number
  /** Token to predict; 0 where `scale` is 0. */
  readonly label: number
  /** Factor of the negative log-likelihood in the loss of the step. */
  readonly scale: number
  readonly view: View
}

/** One position of the final answer, as the teacher and as the student read it. */
export interface DistilledPosition {
  readonly teacher: LabelledPosition
  readonly student: LabelledPosition
  /** Factor of KL(teacher ‖ student) in the loss of the step. */
  readonly scale: number
}

/** Micro-batches that are computed together. */
export interface Pack extends PackedTokens {
  readonly labelled: readonly LabelledPosition[]
  readonly distilled: readonly DistilledPosition[]
}

/** Cuts the micro-batches of a step, in their order, into packs of at most `tokensPerRun` tokens. */
export function packStep(
  microBatches: readonly MicroBatch[],
  sampleTokens: (sample: number) => Int32Array,
  tokensPerRun: number,
): Pack[] {
  const groups: MicroBatch[][] = []
  let size = 0
  for (const microBatch of microBatches) {
    const tokens = microBatch.rows.reduce((sum, row) => sum + keptTokens(row), 0)
    if (groups.length === 0 || size + tokens > tokensPerRun) {
      groups.push([])
      size = 0
    }
    groups.at(-1)!.push(microBatch)
    size += tokens
  }
  return groups.map((group) => packMicroBatches(group, sampleTokens))
}

function packMicroBatches(
  microBatches: readonly MicroBatch[],
  sampleTokens: (sample: number) => Int32Array,
): Pack {
  const rows = microBatches.flatMap((microBatch) => microBatch.rows)
  const total = rows.reduce((sum, row) => sum + keptTokens(row), 0)
  const tokens = new Int32Array(total)
  const positions = new Int32Array(total)
  const packedRows: { start: number; length: number }[] = []
  const labelled: LabelledPosition[] = []
  const distilled: DistilledPosition[] = []
  let start = 0
  for (const microBatch of microBatches) {
    let teacher: RowTargets | undefined
    for (const row of microBatch.rows) {
      const ids = sampleTokens(row.sample)
      const length = keptTokens(row)
      fillRow(row, ids, tokens, positions, start)
      packedRows.push({ start, length })
      const targets = rowTargets(row, ids, start, microBatch.crossEntropyScale)
      labelled.push(...targets.plain)
      if (row.view === 'teacher') teacher = targets
      if (row.view === 'student') {
        distilled.push(...pairTargets(teacher, targets, microBatch.distillScale))
      }
      start += length
    }
  }
  return { tokens, positions, rows: packedRows, labelled, distilled }
}

interface RowTargets {
  readonly plain: LabelledPosition[]
  readonly distilled: LabelledPosition[]
}

/** The positions of a row with a target, parted by whether they are distilled too. */
function rowTargets(row: PlannedRow, ids: Int32Array, start: number, scale: number): RowTargets {
  const indexOf = new Map<number, number>()
  let index = start
  for (const [from, to] of row.spans) {
    for (let position = from; position < to; position++) indexOf.set(position, index++)
  }
  const { view } = row
  const [first, end] = row.distill ?? [0, 0]
  const isDistilled = (position: number) => position >= first && position < end
  const labels = new Map<number, LabelledPosition>()
  for (const [from, to] of row.labels) {
    for (let target = from; target < to; target++) {
      const position = target - 1
      labels.set(position, { index: indexOf.get(position)!, label: ids[target]!, scale, view })
    }
  }
  const plain = [...labels].flatMap(([position, label]) => (isDistilled(position) ? [] : [label]))
  const distilled: LabelledPosition[] = []
  for (let position = first; position < end; position++) {
    const unlabelled = { index: indexOf.get(position)!, label: 0, scale: 0, view }
    distilled.push(labels.get(position) ?? unlabelled)
  }
  return { plain, distilled }
}

function pairTargets(
  teacher: RowTargets | undefined,
  student: RowTargets,
  scale: number,
): DistilledPosition[] {
  if (!teacher || teacher.distilled.length !== student.distilled.length) {
    throw new Error('a student row does not follow its teacher row')
  }
  return student.distilled.map((position, index) => ({
    teacher: teacher.distilled[index]!,
    student: position,
    scale,
  }))
}

function fillRow(
  row: PlannedRow,
  ids: Int32Array,
  tokens: Int32Array,
  positions: Int32Array,
  start: number,
): void {
  let index = start
  for (const [from, to] of row.spans) {
    for (let position = from; position < to; position++) {
      tokens[index] = ids[position]!
      positions[index] = position
      index += 1
    }
  }
}

const keptTokens = (row: PlannedRow) => row.spans.reduce((sum, [from, to]) => sum + to - from, 0)
