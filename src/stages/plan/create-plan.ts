import { readdir, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type AtomicWriter,
  createAtomicWriter,
  hashFile,
  InputError,
  InterruptedError,
  lockFolder,
  type Progress,
  refuseExistingOutput,
  silentProgress,
  writeFileAtomic,
} from '../../core/index.ts'
import { loadTokenizer, refuseOtherVocabulary, type Tokenizer } from '../../nn/tokenizer/index.ts'
import { hashSourceConfig, readSourceConfig } from '../../nn/weights/index.ts'
import { countMicroBatches } from './arrange-epoch.ts'
import { type CollectedData, collectSamples } from './collect-samples.ts'
import { countStep, emptyStepCounts, type StepCounts } from './count-steps.ts'
import {
  type PlanManifest,
  type PlannedDataset,
  planFiles,
  planFormat,
  planVersion,
} from './format.ts'
import type { PlanOptions } from './options.ts'
import { planSteps } from './plan-steps.ts'
import { readLayout, type SpecialIds } from './sample-layout.ts'
import { resolveSchedule, type Schedule } from './schedule.ts'
import { createTokenStore, openSampleReader, spillFile, type TokenStore } from './token-store.ts'
import { writeValidation } from './write-validation.ts'

export interface PlanSummary {
  out: string
  counts: PlanManifest['counts']
  data: PlannedDataset[]
  validation: PlanManifest['validation']
}

export interface PlanContext {
  progress?: Progress
  signal?: AbortSignal
}

/** The parts of a tokenizer that a plan depends on. */
export type PlanTokenizer = Pick<
  Tokenizer,
  'size' | 'bosId' | 'eosId' | 'specialIds' | 'addedTokens' | 'encodeSegments' | 'hash'
>

/**
 * Decides all that training will compute and writes it as a folder, manifest last. Equal options and
 * files give equal bytes.
 *
 * @throws `RC_OUTPUT_EXISTS`, `RC_FOLDER_IN_USE`, `RC_BAD_OPTION`, `RC_EMPTY_DATA`, `RC_ALL_DROPPED`
 * and the errors of data files and tokenizers; nothing half-written is left behind.
 */
export async function createPlan(
  options: PlanOptions,
  context: PlanContext = {},
): Promise<PlanSummary> {
  const config = await readSourceConfig(options.model)
  const tokenizer = await loadTokenizer(options.model)
  refuseOtherVocabulary(options.model, tokenizer, config)
  const modelConfigSha256 = await hashSourceConfig(options.model)
  return writePlan(options, tokenizer, modelConfigSha256, context)
}

/** `createPlan` with a tokenizer that is loaded already. */
export async function writePlan(
  options: PlanOptions,
  tokenizer: PlanTokenizer,
  modelConfigSha256: string,
  { progress = silentProgress, signal, chunkTokens }: PlanContext & { chunkTokens?: number } = {},
): Promise<PlanSummary> {
  refuseOddSizes(options)
  refuseTrainedValidation(options)
  const { out, maxLength } = options
  const release = await prepareOutput(options)
  let store: TokenStore | undefined
  let origins: AtomicWriter | undefined
  let complete = false
  try {
    store = await createTokenStore(out, chunkTokens)
    origins = await createAtomicWriter(join(out, planFiles.samples))
    const sink = { store, origins }
    const context = { progress, signal }
    const trained = { label: 'tokenise', data: options.data, maxLength }
    const data = await collectSamples(trained, tokenizer, sink, context)
    const samples = store.samples
    const heldOut = { label: 'tokenise held-out samples', data: options.validation, maxLength }
    const validationData = await collectSamples(heldOut, tokenizer, sink, context)
    await store.finish()
    await origins.commit()
    const microBatches = countMicroBatches(rangesOf(data), options.microBatchSize)
    const schedule = resolveSchedule(microBatches, options)
    const { specialIds } = tokenizer
    const work = { options, data, store, schedule, specialIds }
    const counts = await writeSteps(work, progress, signal)
    const validationWork = { options, data: validationData, store, specialIds }
    const validationCounts = await writeValidation(validationWork, signal)
    const files = ['tokens', 'steps', 'samples', 'validation'] as const
    const hashes = await Promise.all(files.map((name) => hashFile(join(out, planFiles[name]))))
    const manifest: PlanManifest = {
      format: planFormat,
      version: planVersion,
      config: configOf(options),
      data: datasetsOf(data),
      tokenizerSha256: tokenizer.hash,
      modelConfigSha256,
      bosId: tokenizer.bosId ?? null,
      eosId: tokenizer.eosId,
      specialTokens: { ...tokenizer.specialIds },
      addedTokens: [...tokenizer.addedTokens],
      vocabularySize: tokenizer.size,
      counts: { samples, dropped: countDropped(data.datasets), ...counts },
      validation:
        options.validation.length === 0
          ? null
          : {
              data: datasetsOf(validationData),
              maskRate: options.validationMaskRate,
              counts: {
                samples: store.samples - samples,
                dropped: countDropped(validationData.datasets),
                ...validationCounts,
              },
            },
      steps: schedule.steps,
      optimizer: optimizerOf(options, schedule),
      files: Object.fromEntries(
        files.map((name, index) => [name, hashes[index]]),
      ) as PlanManifest['files'],
    }
    const text = `${JSON.stringify(manifest, null, 2)}\n`
    await writeFileAtomic(join(out, planFiles.manifest), text)
    complete = true
    const { validation } = manifest
    return { out, counts: manifest.counts, data: manifest.data, validation }
  } finally {
    await store?.discard()
    await origins?.discard()
    if (!complete) await removePlan(out)
    await release()
    if (!complete) await rmdir(out).catch(() => {}) // unless something else lies in it
  }
}

interface StepWork {
  options: PlanOptions
  data: CollectedData
  store: TokenStore
  schedule: Schedule
  specialIds: SpecialIds
}

async function writeSteps(
  { options, data, store, schedule, specialIds }: StepWork,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<StepCounts> {
  const samples = await openSampleReader(options.out, store)
  const writer = await createAtomicWriter(join(options.out, planFiles.steps))
  const counts = emptyStepCounts()
  const task = progress.start('plan', schedule.steps)
  try {
    const source = {
      datasets: rangesOf(data),
      isReflection: data.isReflection,
      lengthOf: store.lengthOf,
      layoutOf: async (sample: number) => readLayout(await samples.read(sample), specialIds),
    }
    for await (const step of planSteps(source, schedule, options)) {
      if (signal?.aborted) throw new InterruptedError()
      countStep(counts, step, store.lengthOf)
      await writer.write(`${JSON.stringify(step)}\n`)
      task.update(step.step + 1)
    }
    await writer.commit()
    task.finish()
    return counts
  } finally {
    await writer.discard()
    await samples.close()
  }
}

/** Locks the folder and clears an earlier plan if asked; returns the function that lets it go. */
async function prepareOutput({ out, overwrite }: PlanOptions): Promise<() => Promise<void>> {
  const manifest = join(out, planFiles.manifest)
  const exists = () => stat(manifest).catch(() => undefined)
  if (!overwrite && (await exists())) throw refuseExistingOutput(out)
  const release = await lockFolder(out)
  try {
    if (!overwrite && (await exists())) throw refuseExistingOutput(out)
    await removePlan(out)
    return release
  } catch (error) {
    await release()
    throw error
  }
}

/**
 * Removes a plan and what a killed run left of one. The manifest goes first, so that no folder with
 * a manifest ever lacks another file.
 */
async function removePlan(out: string): Promise<void> {
  for (const name of Object.values(planFiles)) await rm(join(out, name), { force: true })
  const own = [...Object.values(planFiles), spillFile]
  for (const name of await readdir(out)) {
    if (own.some((file) => name === file || name.startsWith(`${file}.tmp-`))) {
      await rm(join(out, name), { force: true })
    }
  }
}

function refuseOddSizes({ sequencesPerStep, microBatchSize }: PlanOptions): void {
  if (sequencesPerStep % microBatchSize === 0) return
  throw new InputError(
    `the option sequencesPerStep: expected a multiple of microBatchSize ${microBatchSize}, got ${sequencesPerStep}`,
    { code: 'RC_BAD_OPTION', hint: 'A step consists of whole micro-batches.' },
  )
}

function refuseTrainedValidation({ data, validation }: PlanOptions): void {
  const both = validation.find((path) => data.includes(path))
  if (both === undefined) return
  throw new InputError(`the option validation: ${both} is trained on, it stands in data too`, {
    code: 'RC_BAD_OPTION',
    hint: 'Hold other samples out, or take the file off --data.',
  })
}

function datasetsOf({ datasets }: CollectedData): PlannedDataset[] {
  return datasets.map(({ first: _, ...dataset }) => dataset)
}

function rangesOf({ datasets }: CollectedData) {
  return datasets.map(({ first, samples }) => ({ first, count: samples }))
}

/** Each file counts once, however often it is listed. */
function countDropped(datasets: readonly PlannedDataset[]): number {
  const byPath = new Map(datasets.map(({ path, dropped }) => [path, dropped]))
  return [...byPath.values()].reduce((sum, dropped) => sum + dropped, 0)
}

/** Where the plan lies is not part of it. */
function configOf({ out: _, overwrite: __, ...config }: PlanOptions): PlanManifest['config'] {
  return config
}

function optimizerOf(options: PlanOptions, schedule: Schedule): PlanManifest['optimizer'] {
  const { learningRate, betas, epsilon, weightDecay, maxGradientNorm } = options
  const { warmupSteps } = schedule
  return {
    learningRate,
    betas,
    epsilon,
    weightDecay,
    maxGradientNorm,
    warmupSteps,
    schedule: 'cosine',
  }
}
