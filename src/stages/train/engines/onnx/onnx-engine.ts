import { join } from 'node:path'
import { InputError, InterruptedError } from '../../../../core/index.ts'
import {
  type Adapter,
  addTokenRows,
  createAdapter,
  exportModel,
  loadModel,
  type Model,
  mergeAdapter,
  type Parameters,
  writeAdapter,
} from '../../../../nn/models/index.ts'
import type { MicroBatch, Plan, PlannedStep } from '../../../plan/index.ts'
import type { EngineRequest, StepMetrics, TrainEvent } from '../../engine.ts'
import { type AdamW, type AdamWState, createAdamW, createAdamWState } from './adamw.ts'
import { readCheckpoint, readCheckpointWeights, writeCheckpoint } from './checkpoint.ts'
import { describeSums } from './describe-sums.ts'
import { createForwardObjective } from './forward-objective.ts'
import { createGradientNorm, type GradientNorm } from './gradient-norm.ts'
import { explainNotFinite } from './loss-not-finite.ts'
import type { Objective } from './objective.ts'
import { packStep } from './pack-step.ts'
import { createParallelObjective } from './parallel-objective.ts'
import { validate } from './validate.ts'

/**
 * Trains with graphs run by ONNX Runtime, in this process. Steps are computed in the order of the
 * plan, so a run that was stopped and resumed ends with the same weights.
 */
export async function* onnxEngine(request: EngineRequest): AsyncGenerator<TrainEvent> {
  const { options, plan, planHash, signal } = request
  const { manifest } = plan
  refuseMissingValidation(request)
  const model = addTokenRows(await loadModel(options.model), manifest.addedTokens)
  const adapter = adapterOf(model, request)
  const parameters = adapter?.parameters ?? model.parameters
  const state = createAdamWState(parameters)
  const owner = { planHash, trained: adapter ? JSON.stringify(adapter.config) : 'all weights' }
  const start = options.resume
    ? await readCheckpoint(options.out, owner, parameters, state)
    : { step: 0 }
  let { best } = start
  yield { type: 'resume', step: start.step }
  const shared = {
    threads: options.threads,
    temperature: manifest.config.temperature,
    ...(adapter ? { adapter } : {}),
  }
  const objective = createParallelObjective(model, {
    ...shared,
    activations: options.activations,
    keptBytes: request.keptBytes,
    seed: manifest.config.seed,
  })
  const forward = createForwardObjective(model, shared)
  const optimizer = await createAdamW(manifest.optimizer, { threads: options.threads })
  const norm = await createGradientNorm({ threads: options.threads })
  const tenth = Math.max(1, Math.ceil(manifest.steps / 10))
  const isDue = (done: number, every: number) => done % (every || tenth) === 0
  const save = async (step: number): Promise<TrainEvent> => {
    const checkpoint = { step, parameters, optimizer: state, best }
    const path = await writeCheckpoint(options.out, owner, checkpoint, options.keepCheckpoints)
    return { type: 'checkpoint-end', step, path }
  }
  try {
    for await (const step of plan.steps(start.step)) {
      const trainer = { plan, objective, parameters, norm, optimizer, state }
      const metrics = await runStep(trainer, step, options.tokensPerRun)
      const done = step.step + 1
      const isLast = done === manifest.steps
      let improved = false
      if (manifest.validation !== null && (isLast || isDue(done, options.validateEvery))) {
        const validation = await validate(plan, forward, options.tokensPerRun)
        improved = best === undefined || validation.loss < best.loss
        if (improved) best = { step: done, loss: validation.loss }
        yield { type: 'step-end', metrics: { ...metrics, validation } }
      } else yield { type: 'step-end', metrics }
      const stops = signal?.aborted === true && !isLast
      if (stops || (!isLast && (improved || isDue(done, options.checkpointEvery)))) {
        yield await save(done)
      }
      if (stops) throw new InterruptedError()
    }
    if (options.finalModel === 'best' && best !== undefined && best.step < manifest.steps) {
      await readCheckpointWeights(options.out, best.step, parameters)
    }
    if (adapter) {
      const path = join(options.out, 'adapter')
      await writeAdapter(path, adapter, model, options.model)
      yield { type: 'adapter-end', path }
      if (!options.merge) return
      mergeAdapter(model, adapter)
    }
    const path = join(options.out, 'model')
    await exportModel(path, model, { dtype: options.dtype })
    yield { type: 'model-end', path }
  } finally {
    await objective.dispose()
    await forward.dispose()
    await optimizer.dispose()
    await norm.dispose()
  }
}

function refuseMissingValidation({ options, plan }: EngineRequest): void {
  const { validateEvery, finalModel } = options
  if (plan.manifest.validation !== null) return
  if (validateEvery === 0 && finalModel === 'last') return
  const option = finalModel === 'best' ? 'finalModel best' : 'validateEvery'
  throw new InputError(`the option ${option}: the plan ${options.plan} holds no samples out`, {
    code: 'RC_BAD_OPTION',
    hint: 'Make the plan with --validation FILE.',
  })
}

/** A new adapter, where one is asked for; the rows of the plan's new tokens are trained with it. */
function adapterOf(model: Model, { options, plan }: EngineRequest): Adapter | undefined {
  const { loraRank: rank, loraAlpha: alpha, loraDropout: dropout, loraTargets: targets } = options
  if (rank === 0) return undefined
  const { addedTokens, config } = plan.manifest
  const tokenIds = addedTokens.map(({ id }) => id)
  return createAdapter(model, { rank, alpha, dropout, targets, tokenIds }, config.seed)
}

interface Trainer {
  readonly plan: Plan
  readonly objective: Objective
  readonly parameters: Parameters
  readonly norm: GradientNorm
  readonly optimizer: AdamW
  readonly state: AdamWState
}

async function runStep(
  { plan, objective, parameters, norm, optimizer, state }: Trainer,
  step: PlannedStep,
  tokensPerRun: number,
): Promise<StepMetrics> {
  const started = performance.now()
  const gradients: Parameters = new Map()
  const packs = packStep(step.microBatches, plan.sampleTokens, tokensPerRun)
  const sums = await objective.accumulate(packs, gradients, step.step)
  const gradientNorm = await norm.of(gradients)
  if (!Number.isFinite(sums.loss) || !Number.isFinite(gradientNorm)) {
    throw await explainFault({ plan, objective, norm }, step, sums.loss)
  }
  await optimizer.update(parameters, gradients, state, step.learningRate, gradientNorm)
  return {
    step: step.step,
    epoch: step.epoch,
    learningRate: step.learningRate,
    maskRate: step.maskRate,
    ...describeSums(sums),
    gradientNorm,
    tokens: packs.reduce((total, pack) => total + pack.tokens.length, 0),
    seconds: (performance.now() - started) / 1000,
  }
}

function explainFault(
  { plan, objective, norm }: Pick<Trainer, 'plan' | 'objective' | 'norm'>,
  { step, microBatches }: PlannedStep,
  loss: number,
): Promise<Error> {
  const givesFinite = async (microBatch: MicroBatch) => {
    const gradients: Parameters = new Map()
    const packs = packStep([microBatch], plan.sampleTokens, Number.POSITIVE_INFINITY)
    const sums = await objective.accumulate(packs, gradients, step)
    return Number.isFinite(sums.loss) && Number.isFinite(await norm.of(gradients))
  }
  const what = Number.isFinite(loss)
    ? `the gradient of step ${step} is not finite`
    : `the loss of step ${step} is ${loss}`
  return explainNotFinite(plan, microBatches, givesFinite, { what })
}
