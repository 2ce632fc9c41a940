import type { ObjectiveSums } from '../engines/onnx/objective-sums.ts'

/** The objective of one sample or the mean over samples, in nats; null for views that lack. */
export interface LossFigures {
  /** Mean over the label positions of both views together. */
  readonly crossEntropy: number
  /** Of the view of the whole dialog, which is that of a plain sample too. */
  readonly teacherCrossEntropy: number
  readonly studentCrossEntropy: number | null
  /** KL(teacher ‖ student). */
  readonly klDivergence: number | null
  /** Cross-entropy and weighted KL, as a sample counts in training. */
  readonly loss: number
}

/** Numbers of positions. */
export interface LossPositions {
  readonly teacherPositions: number
  readonly studentPositions: number
  readonly distillationPositions: number
}

/** What the sums over a sample's positions say. */
export function figuresOf(sums: ObjectiveSums): LossFigures & LossPositions {
  const { student, plain, teacher: withReflection } = sums.crossEntropy
  const teacher = withReflection.positions > 0 ? withReflection : plain
  const { klDivergence } = sums
  return {
    crossEntropy: (teacher.sum + student.sum) / (teacher.positions + student.positions),
    teacherCrossEntropy: teacher.sum / teacher.positions,
    studentCrossEntropy: student.positions === 0 ? null : student.sum / student.positions,
    klDivergence: klDivergence.positions === 0 ? null : klDivergence.sum / klDivergence.positions,
    loss: sums.loss,
    teacherPositions: teacher.positions,
    studentPositions: student.positions,
    distillationPositions: klDivergence.positions,
  }
}

const figureNames = [
  'crossEntropy',
  'teacherCrossEntropy',
  'studentCrossEntropy',
  'klDivergence',
  'loss',
] as const

const positionNames = ['teacherPositions', 'studentPositions', 'distillationPositions'] as const

/** Means of the figures over the samples that have them, and sums of the positions. */
export class MeanFigures {
  readonly #sums = new Map(figureNames.map((name) => [name, { sum: 0, samples: 0 }]))
  readonly #positions = new Map(positionNames.map((name) => [name, 0]))

  add(sample: LossFigures & LossPositions): void {
    for (const [name, mean] of this.#sums) {
      const value = sample[name]
      if (value === null) continue
      mean.sum += value
      mean.samples += 1
    }
    for (const name of positionNames) {
      this.#positions.set(name, this.#positions.get(name)! + sample[name])
    }
  }

  figures(): LossFigures {
    const means = [...this.#sums].map(([name, { sum, samples }]) => [
      name,
      samples === 0 ? null : sum / samples,
    ])
    return Object.fromEntries(means) as unknown as LossFigures
  }

  positions(): LossPositions {
    return Object.fromEntries(this.#positions) as unknown as LossPositions
  }
}
