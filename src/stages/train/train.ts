import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  hashFile,
  InputError,
  lockFolder,
  type Progress,
  pathExists,
  refuseExistingOutput,
  silentProgress,
  writeFileAtomic,
} from '../../core/index.ts'
import { loadTokenizer, refuseOtherVocabulary } from '../../nn/tokenizer/index.ts'
import { readSourceConfig } from '../../nn/weights/index.ts'
import { readPlan } from '../plan/index.ts'
import { checkTrainMemory, inGib, memoryLimit } from './check-memory.ts'
import type { StepMetrics } from './engine.ts'
import { onnxEngineThread } from './engines/onnx/engine-thread.ts'
import { type EventFile, eventFileMark, openEventFile } from './event-file.ts'
import { type MetricsFile, openMetricsFile } from './metrics-file.ts'
import type { TrainOptions } from './options.ts'

export interface TrainSummary {
  /** Folder of the tuned model with its tokenizer; null where only an adapter was written. */
  readonly model: string | null
  /** Folder of the adapter in peft's format; null where all weights were trained. */
  readonly adapter: string | null
  readonly steps: number
  readonly tokens: number
  /** Time in steps of this run, without loading and writing. */
  readonly seconds: number
  readonly lastStep: StepMetrics | null
  /** Where the loss on the held-out samples was lowest; null where none was measured. */
  readonly best: { readonly step: number; readonly validationLoss: number } | null
}

export interface TrainContext {
  readonly progress?: Progress
  readonly signal?: AbortSignal
  /** Memory that the process may take; default what the machine has free. */
  readonly memoryBytes?: number
}

const engines = { onnx: onnxEngineThread } as const

/**
 * Tunes a model by a step plan. The output folder holds `model/` (a Hugging Face folder with the
 * tokenizer), `metrics.jsonl`, TensorBoard's event files, `checkpoints/` and, last, `train.json`.
 *
 * @throws `RC_OUTPUT_EXISTS`, `RC_FOLDER_IN_USE`, `RC_OTHER_PLAN`, `RC_NOT_ENOUGH_MEMORY`,
 * `RC_LOSS_NOT_FINITE`, and the errors of `loadModel`, `loadTokenizer` and `readPlan`
 */
export async function train(
  options: TrainOptions,
  context: TrainContext = {},
): Promise<TrainSummary> {
  const { progress = silentProgress, signal, memoryBytes = memoryLimit() } = context
  const release = await prepareOutput(options)
  try {
    const plan = await readPlan(options.plan)
    const run = new RunRecord(options.out)
    try {
      const tokenizer = await loadTokenizer(options.model)
      refuseOtherVocabulary(options.model, tokenizer, await readSourceConfig(options.model))
      refuseOtherTokenizer(options, tokenizer.hash, plan.manifest.tokenizerSha256)
      const planHash = await hashFile(join(options.plan, 'manifest.json'))
      const memory = progress.start('memory', 0)
      const { bytes, keptBytes } = await checkTrainMemory(options, plan, memoryBytes)
      memory.finish(`${inGib(bytes)} of ${inGib(memoryBytes)} at the peak`)
      const task = progress.start('train', plan.manifest.steps)
      const shared = { options, plan, planHash, progress, keptBytes }
      const request = signal ? { ...shared, signal } : shared
      for await (const event of engines[options.engine](request)) {
        if (event.type === 'resume') await run.open(event.step)
        if (event.type === 'step-end') {
          await run.add(event.metrics)
          task.update(event.metrics.step + 1, run.describe(event.metrics))
        }
        if (event.type === 'model-end' || event.type === 'adapter-end') {
          await tokenizer.writeTo(event.path)
        }
      }
      const summary = await run.finish(options, plan.manifest.steps)
      task.finish()
      return summary
    } finally {
      await run.close()
      await plan.close()
    }
  } finally {
    await release()
    await rmdir(options.out).catch(() => {}) // unless something was written
  }
}

/** Collects what a run did into metrics.jsonl, TensorBoard's event file and train.json. */
class RunRecord {
  readonly #out: string
  #metrics: MetricsFile | undefined
  #events: EventFile | undefined
  #tokens = 0
  #seconds = 0
  #last: StepMetrics | null = null
  #best: TrainSummary['best'] = null

  constructor(out: string) {
    this.#out = out
  }

  async open(firstStep: number): Promise<void> {
    this.#metrics = await openMetricsFile(join(this.#out, 'metrics.jsonl'), firstStep)
    for (const metrics of this.#metrics.kept) this.#compare(metrics)
    this.#events = await openEventFile(this.#out, firstStep)
  }

  async add(metrics: StepMetrics): Promise<void> {
    await this.#metrics?.write(metrics)
    await this.#events?.write(metrics)
    this.#tokens += metrics.tokens
    this.#seconds += metrics.seconds
    this.#last = metrics
    this.#compare(metrics)
  }

  /** A step as it is shown while training. */
  describe({ loss, tokens, seconds, validation }: StepMetrics): string {
    const shown = `loss ${loss.toFixed(4)}, ${Math.round(tokens / seconds)} tokens/s`
    if (validation === undefined) return shown
    return `${shown}, validation ${validation.loss.toFixed(4)}`
  }

  #compare({ step, validation }: StepMetrics): void {
    if (validation === undefined) return
    const { loss } = validation
    if (this.#best === null || loss < this.#best.validationLoss) {
      this.#best = { step, validationLoss: loss }
    }
  }

  async close(): Promise<void> {
    await this.#metrics?.close()
    await this.#events?.close()
    this.#metrics = undefined
    this.#events = undefined
  }

  async finish({ loraRank, merge }: TrainOptions, steps: number): Promise<TrainSummary> {
    const hasAdapter = loraRank > 0
    const summary = {
      model: hasAdapter && !merge ? null : join(this.#out, 'model'),
      adapter: hasAdapter ? join(this.#out, 'adapter') : null,
      steps,
      tokens: this.#tokens,
      seconds: this.#seconds,
      lastStep: this.#last,
      best: this.#best,
    }
    await writeFileAtomic(join(this.#out, 'train.json'), `${JSON.stringify(summary, null, 2)}\n`)
    return summary
  }
}

/** Locks the output folder and clears it if asked; returns the function that lets it go. */
async function prepareOutput({ out, overwrite, resume }: TrainOptions) {
  const release = await lockFolder(out)
  try {
    const started = await pathExists(join(out, 'metrics.jsonl'))
    if (started && !overwrite && !resume) throw refuseExistingOutput(out)
    if (!resume) {
      const events = (await readdir(out)).filter((name) => name.includes(eventFileMark))
      for (const name of [
        'model',
        'adapter',
        'checkpoints',
        'metrics.jsonl',
        'train.json',
        ...events,
      ]) {
        await rm(join(out, name), { recursive: true, force: true })
      }
    }
    return release
  } catch (error) {
    await release()
    throw error
  }
}

function refuseOtherTokenizer({ model, plan }: TrainOptions, found: string, planned: string): void {
  if (found === planned) return
  throw new InputError(
    `the plan ${plan} was made with another tokenizer than that of ${model}: expected ${planned}, got ${found}`,
    { code: 'RC_OTHER_TOKENIZER', hint: 'Make the plan anew with --model of this folder.' },
  )
}
