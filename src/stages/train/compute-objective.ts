import { addTokenRows, loadModel, zeroGradients } from '../../nn/models/index.ts'
import { readPlan } from '../plan/index.ts'
import {
  addSums,
  createObjective,
  emptySums,
  type ObjectiveTerms,
} from './engines/onnx/objective.ts'
import { packStep } from './engines/onnx/pack-step.ts'

export interface ComputeObjectiveOptions {
  /** Folder of the model. */
  readonly model: string
  /** Folder of a plan for it. */
  readonly plan: string
  /** Step of the plan whose micro-batches are computed; default 0. */
  readonly step?: number
  /** Factors on the parts of the objective; default 1 each. */
  readonly terms?: ObjectiveTerms
  readonly tokensPerRun?: number
  readonly keepActivations?: boolean
}

export interface ObjectiveResult {
  /** Loss of the step as the plan weighs it, with the factors. */
  readonly loss: number
  /** Means over the positions of each kind, in nats; null where there is none. */
  readonly crossEntropy: number
  readonly teacherCrossEntropy: number | null
  readonly studentCrossEntropy: number | null
  readonly klDivergence: number | null
  /** Gradients of `loss` under the Hugging Face parameter names. */
  readonly gradients: Map<string, { data: Float32Array; shape: readonly number[] }>
}

/** The objective of one planned step and its gradients, without training. */
export async function computeObjective({
  model: modelPath,
  plan: planPath,
  step = 0,
  terms,
  tokensPerRun = 4096,
  keepActivations = true,
}: ComputeObjectiveOptions): Promise<ObjectiveResult> {
  const plan = await readPlan(planPath)
  const model = addTokenRows(await loadModel(modelPath), plan.manifest.addedTokens)
  const objective = await createObjective(model, {
    temperature: plan.manifest.config.temperature,
    keepActivations,
    ...(terms ? { terms } : {}),
  })
  try {
    const gradients = zeroGradients(model.parameters)
    const sums = emptySums()
    for await (const planned of plan.steps(step)) {
      for (const pack of packStep(planned.microBatches, plan.sampleTokens, tokensPerRun)) {
        addSums(sums, await objective.accumulate(pack, gradients))
      }
      break
    }
    const { teacher, student, plain } = sums.crossEntropy
    const positions = teacher.positions + student.positions + plain.positions
    return {
      loss: sums.loss,
      crossEntropy: (teacher.sum + student.sum + plain.sum) / positions,
      teacherCrossEntropy: teacher.positions ? teacher.sum / teacher.positions : null,
      studentCrossEntropy: student.positions ? student.sum / student.positions : null,
      klDivergence: sums.klDivergence.positions
        ? sums.klDivergence.sum / sums.klDivergence.positions
        : null,
      gradients,
    }
  } finally {
    await objective.dispose()
    await plan.close()
  }
}
