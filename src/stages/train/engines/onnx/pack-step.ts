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

/** Rows of a step that are computed together. */
export interface Pack extends PackedTokens {
  /** Place among the packs of its step. */
  readonly number: number
  readonly labelled: readonly LabelledPosition[]
  readonly distilled: readonly DistilledPosition[]
}

/** Numbers of rows that run together: few, because each has a graph of its own. */
const largestRows = 8

/**
 * Cuts the rows of a step, in their order, into packs of at most `tokensPerRun` tokens. Each has 1,
 * 2, 4 or 8 rows; the two rows of a distilled sample stay together.
 */
export function packStep(
  microBatches: readonly MicroBatch[],
  sampleTokens: (sample: number) => Int32Array,
  tokensPerRun: number,
): Pack[] {
  const units = microBatches.flatMap((microBatch) => unitsOf(microBatch, sampleTokens))
  const packs: Pack[] = []
  for (let first = 0; first < units.length; ) {
    const together = countTogether(units, first, tokensPerRun)
    packs.push(packUnits(units.slice(first, first + together), packs.length))
    first += together
  }
  return packs
}

/** What must stay in one pack: a plain row, or the teacher and the student row of a sample. */
interface Unit {
  readonly rows: readonly PlannedRow[]
  readonly ids: Int32Array
  readonly tokens: number
  readonly microBatch: MicroBatch
}

function unitsOf(microBatch: MicroBatch, sampleTokens: (sample: number) => Int32Array): Unit[] {
  const { rows } = microBatch
  const units: Unit[] = []
  for (let index = 0; index < rows.length; ) {
    const size = rows[index]!.view === 'teacher' ? 2 : 1
    const members = rows.slice(index, index + size)
    if (size === 2 && members[1]?.view !== 'student') {
      throw new Error('a student row does not follow its teacher row')
    }
    const tokens = members.reduce((sum, row) => sum + keptTokens(row), 0)
    units.push({ rows: members, ids: sampleTokens(members[0]!.sample), tokens, microBatch })
    index += size
  }
  return units
}

/** How many units from `first` on run together: alike, within the limits, a power of two. */
function countTogether(units: readonly Unit[], first: number, tokensPerRun: number): number {
  const { rows } = units[first]!
  let tokens = 0
  let count = 0
  for (const unit of units.slice(first, first + largestRows / rows.length)) {
    tokens += unit.tokens
    if (count > 0 && (tokens > tokensPerRun || unit.rows.length !== rows.length)) break
    count += 1
  }
  return 2 ** Math.floor(Math.log2(count))
}

function packUnits(units: readonly Unit[], number: number): Pack {
  const total = units.reduce((sum, unit) => sum + unit.tokens, 0)
  const tokens = new Int32Array(total)
  const positions = new Int32Array(total)
  const packedRows: { start: number; length: number }[] = []
  const labelled: LabelledPosition[] = []
  const distilled: DistilledPosition[] = []
  let start = 0
  for (const { rows, ids, microBatch } of units) {
    const targets = rows.map((row) => {
      const length = keptTokens(row)
      fillRow(row, ids, tokens, positions, start)
      packedRows.push({ start, length })
      const found = rowTargets(row, ids, start, microBatch.crossEntropyScale)
      labelled.push(...found.plain)
      start += length
      return found
    })
    if (targets.length === 2) {
      distilled.push(...pairTargets(targets[0]!, targets[1]!, microBatch.distillScale))
    }
  }
  return { number, tokens, positions, rows: packedRows, labelled, distilled }
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

function pairTargets(teacher: RowTargets, student: RowTargets, scale: number): DistilledPosition[] {
  if (teacher.distilled.length !== student.distilled.length) {
    throw new Error('teacher and student distil different positions')
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
