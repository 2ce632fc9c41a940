import {
  InterruptedError,
  pathExists,
  ReflectionCoderError,
  refuseExistingOutput,
  silentProgress,
  writeFileAtomic,
} from '../../../core/index.ts'
import { type Parameters, zeroGradients } from '../../../nn/models/index.ts'
import { writeSafetensors } from '../../../nn/weights/index.ts'
import { type DatasetCounts, formatOrigin } from '../../plan/index.ts'
import { inGib, memoryLimit } from '../check-memory.ts'
import { createGradientNorm } from '../engines/onnx/gradient-norm.ts'
import { createObjective } from '../engines/onnx/objective.ts'
import { packStep } from '../engines/onnx/pack-step.ts'
import type { LossOptions } from '../options.ts'
import type { TrainContext } from '../train.ts'
import { checkLossMemory } from './check-loss-memory.ts'
import { figuresOf, type LossFigures, type LossPositions, MeanFigures } from './loss-figures.ts'
import { type LossSubject, openSubject, openTokenizer } from './open-subject.ts'
import { type PlannedSample, planSamples } from './planned-samples.ts'

export interface SampleLoss extends LossFigures, LossPositions {
  /** The dialog's `id`, or its line. */
  readonly id: string | number
  readonly file: string
  readonly line: number
  /** BOS and EOS included. */
  readonly tokens: number
}

export interface LossSummary extends LossFigures, LossPositions {
  readonly model: string
  readonly adapter: string | null
  readonly settings: Pick<
    LossOptions,
    'mask' | 'blockOrder' | 'maskRate' | 'klWeight' | 'temperature' | 'maxLength' | 'seed'
  >
  readonly data: readonly DatasetCounts[]
  /** Global norm of the gradient of the mean loss. */
  readonly gradientNorm: number
  /** File of the gradient; null where none was asked for. */
  readonly gradients: string | null
  /** Every sample, where asked for. */
  readonly samples?: readonly SampleLoss[]
  readonly seconds: number
}

/**
 * Measures the objective on files of dialogs without training: every sample is a micro-batch of its
 * own, figures are means over the samples, positions are sums. Samples longer than `maxLength` are
 * left out and counted.
 *
 * @throws `RC_OUTPUT_EXISTS`, `RC_EMPTY_DATA`, `RC_ALL_DROPPED`, `RC_NOT_ENOUGH_MEMORY`, `RC_LOSS_NOT_FINITE` (the
 * loss or the gradient, with the sample's name), and the errors of models, adapters and data files
 */
export async function measureLoss(
  options: LossOptions,
  context: TrainContext = {},
): Promise<LossSummary> {
  const { progress = silentProgress, signal, memoryBytes = memoryLimit() } = context
  const started = performance.now()
  await refuseExistingFiles(options)
  const tokenizer = await openTokenizer(options)
  const memory = progress.start('memory', 0)
  const { bytes, keptBytes } = await checkLossMemory(options, tokenizer, memoryBytes, signal)
  memory.finish(`${inGib(bytes)} of ${inGib(memoryBytes)} at the peak`)
  const subject = await openSubject(options, tokenizer)
  const gradients = zeroGradients(subject.trained)
  const means = new MeanFigures()
  const data: DatasetCounts[] = []
  const samples: SampleLoss[] = []
  let measured = 0
  let gradientNorm = 0
  const task = progress.start('loss', 0)
  const meter = await createMeter(subject, options, keptBytes)
  try {
    for await (const sample of planSamples(options, tokenizer, data, signal)) {
      if (signal?.aborted) throw new InterruptedError('interrupted; nothing was written')
      const figures = await meter.measure(sample, gradients)
      means.add(figures)
      if (options.perSample) samples.push({ ...placeOf(sample), ...figures })
      task.update(++measured, `loss ${figures.loss.toFixed(4)}`)
    }
    divide(gradients, measured)
    gradientNorm = await meter.norm(gradients)
  } finally {
    await meter.dispose()
  }
  const { mask, blockOrder, maskRate, klWeight, temperature, maxLength, seed } = options
  const summary: LossSummary = {
    model: options.model,
    adapter: options.adapter ?? null,
    settings: { mask, blockOrder, maskRate, klWeight, temperature, maxLength, seed },
    data,
    ...means.figures(),
    ...means.positions(),
    gradientNorm,
    gradients: options.gradients ?? null,
    ...(options.perSample ? { samples } : {}),
    seconds: (performance.now() - started) / 1000,
  }
  if (options.gradients !== undefined) await writeGradients(options.gradients, gradients, subject)
  if (options.out !== undefined) {
    await writeFileAtomic(options.out, `${JSON.stringify(summary, null, 2)}\n`)
  }
  task.finish(`${measured} samples`)
  return summary
}

async function createMeter(
  { model, adapter }: LossSubject,
  options: LossOptions,
  keptBytes: number,
) {
  const { threads, temperature, activations } = options
  const objective = createObjective(model, {
    threads,
    temperature,
    activations,
    keptBytes,
    ...(adapter ? { adapter } : {}),
  })
  const norm = await createGradientNorm({ threads })
  return {
    norm: norm.of,
    /** The figures of a sample; its gradient is added. Both are finite. */
    async measure({ microBatch, ids, origin }: PlannedSample, gradients: Parameters) {
      const packs = packStep([microBatch], () => ids, ids.length)
      const figures = figuresOf(await objective.accumulate(packs, gradients))
      const name = `the sample ${formatOrigin(origin)}`
      if (!Number.isFinite(figures.loss)) {
        throw notFinite(`the loss of ${name} is ${figures.loss}`)
      }
      if (!Number.isFinite(await norm.of(gradients))) {
        throw notFinite(`the gradient of ${name} is not finite`)
      }
      return figures
    },
    async dispose() {
      await norm.dispose()
      await objective.dispose()
    },
  }
}

function placeOf({ origin: { file, line, id }, ids }: PlannedSample) {
  return { id: id ?? line, file, line, tokens: ids.length }
}

function divide(gradients: Parameters, count: number): void {
  if (count === 1) return
  for (const { data } of gradients.values()) {
    for (let index = 0; index < data.length; index++) data[index] = data[index]! / count
  }
}

async function writeGradients(
  path: string,
  gradients: Parameters,
  { fileName }: LossSubject,
): Promise<void> {
  const tensors = [...gradients].map(([name, { data, shape }]) => ({
    name: fileName(name),
    dtype: 'F32' as const,
    shape,
    data,
  }))
  await writeSafetensors(path, tensors, { format: 'pt' })
}

async function refuseExistingFiles({ out, gradients, overwrite }: LossOptions): Promise<void> {
  if (overwrite) return
  for (const path of [out, gradients]) {
    if (path === undefined) continue
    if (await pathExists(path)) throw refuseExistingOutput(path)
  }
}

function notFinite(what: string): ReflectionCoderError {
  return new ReflectionCoderError(what, {
    code: 'RC_LOSS_NOT_FINITE',
    hint: 'Weights of the model are too large for float32, or the sample is broken; look at it with `data inspect`.',
  })
}
