import {
  type Adapter,
  addTokenRows,
  loadModel,
  type Model,
  readAdapter,
  zeroGradients,
} from '../../nn/models/index.ts'
import { readPlan } from '../plan/index.ts'
import { describeSums } from './engines/onnx/describe-sums.ts'
import { createObjective } from './engines/onnx/objective.ts'
import { addSums, emptySums, type ObjectiveFactors } from './engines/onnx/objective-sums.ts'
import { packStep } from './engines/onnx/pack-step.ts'

export interface ComputeObjectiveOptions {
  /** Folder of the model. */
  readonly model: string
  /** Folder of a plan for it. */
  readonly plan: string
  /** Folder of an adapter of the model; gradients are then those of its tensors. */
  readonly adapter?: string
  /** Step of the plan whose micro-batches are computed; default 0. */
  readonly step?: number
  /** Factors on the parts of the objective; default 1 each. */
  readonly factors?: ObjectiveFactors
  readonly tokensPerRun?: number
  /** As `activations` of `train`. */
  readonly activations?: 'auto' | 'keep' | 'recompute'
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
  adapter: adapterPath,
  step = 0,
  factors,
  tokensPerRun = 1024,
  activations = 'auto',
}: ComputeObjectiveOptions): Promise<ObjectiveResult> {
  const plan = await readPlan(planPath)
  const base = addTokenRows(await loadModel(modelPath), plan.manifest.addedTokens)
  const { model, adapter } = await withAdapter(base, adapterPath)
  const trained = adapter?.parameters ?? model.parameters
  const objective = createObjective(model, {
    ...(adapter ? { adapter } : {}),
    temperature: plan.manifest.config.temperature,
    activations,
    ...(factors ? { factors } : {}),
  })
  try {
    const gradients = zeroGradients(trained)
    const sums = emptySums()
    for await (const planned of plan.steps(step)) {
      const packs = packStep(planned.microBatches, plan.sampleTokens, tokensPerRun)
      addSums(sums, await objective.accumulate(packs, gradients))
      break
    }
    return { ...describeSums(sums), gradients }
  } finally {
    await objective.dispose()
    await plan.close()
  }
}

/** The model with its adapter, whose dropout is for training alone. */
async function withAdapter(
  base: Model,
  path: string | undefined,
): Promise<{ model: Model; adapter?: Adapter }> {
  if (path === undefined) return { model: base }
  const { model, adapter } = await readAdapter(path, base)
  return { model, adapter: { ...adapter, config: { ...adapter.config, dropout: 0 } } }
}
