import type { ValidationMetrics } from '../../engine.ts'
import type { ObjectiveSums } from './objective-sums.ts'

/** Loss and means over the positions of each kind. */
export function describeSums(sums: ObjectiveSums): Omit<ValidationMetrics, 'tokens' | 'seconds'> {
  const { teacher, student, plain } = sums.crossEntropy
  const positions = teacher.positions + student.positions + plain.positions
  return {
    loss: sums.loss,
    crossEntropy: (teacher.sum + student.sum + plain.sum) / positions,
    teacherCrossEntropy: mean(teacher),
    studentCrossEntropy: mean(student),
    klDivergence: mean(sums.klDivergence),
  }
}

const mean = ({ sum, positions }: { sum: number; positions: number }) =>
  positions === 0 ? null : sum / positions
