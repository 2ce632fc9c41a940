import { join } from 'node:path'
import { InterruptedError, ReflectionCoderError } from '../../../../core/index.ts'
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
  zeroGradients,
} from '../../../../nn/models/index.ts'
import type { Plan, PlannedStep } from '../../../plan/index.ts'
import type { EngineRequest, StepMetrics, TrainEvent } from '../../engine.ts'
import { type AdamWState, createAdamWState, updateAdamW } from './adamw.ts'
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import type { Objective } from './objective.ts'
import type { ObjectiveSums } from './objective-sums.ts'
import { packStep } from './pack-step.ts'
import { createParallelObjective } from './parallel-objective.ts'

/**
 * Trains with graphs run by ONNX Runtime, in this process. Steps are computed in the order of the
 * plan, so a run that was stopped and resumed ends with the same weights.
 */
export async function* onnxEngine(request: EngineRequest): AsyncGenerator<TrainEvent> {
  const { options, plan, planHash, signal } = request
  const { manifest } = plan
  const model = addTokenRows(await loadModel(options.model), manifest.addedTokens)
  const adapter = adapterOf(model, request)
  const parameters = adapter?.parameters ?? model.parameters
  const optimizer = createAdamWState(parameters)
  const owner = { planHash, trained: adapter ? JSON.stringify(adapter.config) : 'all weights' }
  const first = options.resume ? await readCheckpoint(options.out, owner, parameters, optimizer) : 0
  yield { type: 'resume', step: first }
  const objective = createParallelObjective(model, {
    threads: options.threads,
    temperature: manifest.config.temperature,
    activations: options.activations,
    seed: manifest.config.seed,
    ...(adapter ? { adapter } : {}),
  })
  const every = options.checkpointEvery || Math.max(1, Math.ceil(manifest.steps / 10))
  const save = async (step: number): Promise<TrainEvent> => {
    const state = { step, parameters, optimizer }
    const path = await writeCheckpoint(options.out, owner, state, options.keepCheckpoints)
    return { type: 'checkpoint-end', step, path }
  }
  try {
    for await (const step of plan.steps(first)) {
      const trainer = { plan, objective, parameters, optimizer }
      yield { type: 'step-end', metrics: await runStep(trainer, step, options.tokensPerRun) }
      const done = step.step + 1
      if (done % every === 0 && done < manifest.steps) yield await save(done)
      if (signal?.aborted && done < manifest.steps) {
        yield await save(done)
        throw new InterruptedError()
      }
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
  }
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
  readonly optimizer: AdamWState
}

async function runStep(
  { plan, objective, parameters, optimizer }: Trainer,
  step: PlannedStep,
  tokensPerRun: number,
): Promise<StepMetrics> {
  const started = performance.now()
  const gradients = zeroGradients(parameters)
  const packs = packStep(step.microBatches, plan.sampleTokens, tokensPerRun)
  const sums = await objective.accumulate(packs, gradients, step.step)
  if (!Number.isFinite(sums.loss)) throw lossNotFinite(step, sums.loss)
  const tokens = packs.reduce((total, pack) => total + pack.tokens.length, 0)
  const norm = updateAdamW(
    parameters,
    gradients,
    optimizer,
    step.learningRate,
    plan.manifest.optimizer,
  )
  const seconds = (performance.now() - started) / 1000
  return describeStep(step, sums, norm, tokens, seconds)
}

function describeStep(
  step: PlannedStep,
  sums: ObjectiveSums,
  gradientNorm: number,
  tokens: number,
  seconds: number,
): StepMetrics {
  const { teacher, student, plain } = sums.crossEntropy
  const all = {
    sum: teacher.sum + student.sum + plain.sum,
    positions: teacher.positions + student.positions + plain.positions,
  }
  return {
    step: step.step,
    epoch: step.epoch,
    learningRate: step.learningRate,
    maskRate: step.maskRate,
    loss: sums.loss,
    crossEntropy: all.sum / all.positions,
    teacherCrossEntropy: mean(teacher),
    studentCrossEntropy: mean(student),
    klDivergence: mean(sums.klDivergence),
    gradientNorm,
    tokens,
    seconds,
  }
}

const mean = ({ sum, positions }: { sum: number; positions: number }) =>
  positions === 0 ? null : sum / positions

function lossNotFinite(step: PlannedStep, loss: number): ReflectionCoderError {
  const samples = step.microBatches.flatMap(({ rows }) => rows.map((row) => row.sample))
  const named = [...new Set(samples)].slice(0, 10).join(', ')
  return new ReflectionCoderError(
    `the loss of step ${step.step} is ${loss}; samples of the step: ${named}`,
    {
      code: 'RC_LOSS_NOT_FINITE',
      hint: 'Lower --learning-rate in the plan, or look at these samples with `data inspect`.',
    },
  )
}
