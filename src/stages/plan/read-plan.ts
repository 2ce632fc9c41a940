import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hashFile, InputError } from '../../core/index.ts'
import { readLines } from '../../data/datasets/index.ts'
import { openSafetensors } from '../../nn/weights/index.ts'
import {
  type MicroBatch,
  type PlanManifest,
  type PlannedStep,
  planFiles,
  planFormat,
  planVersion,
} from './format.ts'
import type { SampleOrigin } from './sample-origin.ts'

/** An open plan. */
export interface Plan {
  readonly manifest: PlanManifest
  /** Token ids of a sample, BOS and EOS included; a view, not a copy. */
  sampleTokens(sample: number): Int32Array
  /** The steps in order, from step `from` (default 0). */
  steps(from?: number): AsyncIterable<PlannedStep>
  /** The held-out samples, a micro-batch each. */
  validation(): AsyncIterable<MicroBatch>
  /** Where samples came from, in the order of their numbers. */
  origins(samples: readonly number[]): Promise<SampleOrigin[]>
  close(): Promise<void>
}

/**
 * Opens a plan folder and checks its files against the hashes of the manifest.
 *
 * @throws `RC_NO_PLAN`, `RC_PLAN_VERSION`, `RC_PLAN_DAMAGED`
 */
export async function readPlan(folder: string): Promise<Plan> {
  const manifest = await readManifest(folder)
  for (const name of ['tokens', 'steps', 'samples', 'validation'] as const) {
    await checkHash(join(folder, planFiles[name]), manifest.files[name])
  }
  const file = await openSafetensors(join(folder, planFiles.tokens))
  try {
    const tokens = await file.readInt32('tokens')
    const offsets = Float64Array.from(await file.readInt64('offsets'), Number)
    return {
      manifest,
      sampleTokens(sample) {
        if (sample < 0 || sample >= offsets.length - 1) {
          throw new RangeError(`the plan has ${offsets.length - 1} samples, no sample ${sample}`)
        }
        return tokens.subarray(offsets[sample], offsets[sample + 1])
      },
      steps: (from = 0) => readSteps(join(folder, planFiles.steps), from),
      validation: () => readParsed<MicroBatch>(join(folder, planFiles.validation)),
      origins: (samples) => readOrigins(join(folder, planFiles.samples), samples),
      close: async () => {},
    }
  } finally {
    await file.close()
  }
}

/** Reads `manifest.json` alone, with its format and version checked. */
export async function readManifest(folder: string): Promise<PlanManifest> {
  const path = join(folder, planFiles.manifest)
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new InputError(`${folder} is not a complete plan: there is no ${planFiles.manifest}`, {
      code: 'RC_NO_PLAN',
      hint: 'Give the folder that `plan` wrote; if it was interrupted, run it again.',
      cause,
    })
  })
  const manifest = parseManifest(path, text)
  if (manifest.format === planFormat && manifest.version === planVersion) return manifest
  throw new InputError(
    `${path}: expected format ${planFormat} version ${planVersion}, got ${manifest.format} version ${manifest.version}`,
    {
      code: 'RC_PLAN_VERSION',
      hint: 'Make the plan anew with this version of the program.',
    },
  )
}

function parseManifest(path: string, text: string): PlanManifest {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as PlanManifest
  } catch {
    // The same fault as JSON that is no object.
  }
  throw damaged(`${path}: expected a JSON object`)
}

async function checkHash(path: string, expected: string): Promise<void> {
  if (!(await stat(path).catch(() => undefined))) throw damaged(`${path} is missing`)
  const found = await hashFile(path)
  if (found !== expected) throw damaged(`${path}: expected sha256 ${expected}, got ${found}`)
}

function damaged(message: string): InputError {
  return new InputError(message, {
    code: 'RC_PLAN_DAMAGED',
    hint: 'A file of the plan was changed or lost; make the plan anew.',
  })
}

async function* readSteps(path: string, from: number): AsyncGenerator<PlannedStep> {
  for await (const { line, text } of readLines(path)) {
    if (line > from) yield JSON.parse(text) as PlannedStep
  }
}

async function* readParsed<T>(path: string): AsyncGenerator<T> {
  for await (const { text } of readLines(path)) yield JSON.parse(text) as T
}

/** Reads the whole file, which few ever need, rather than keep it in memory. */
async function readOrigins(path: string, samples: readonly number[]): Promise<SampleOrigin[]> {
  const wanted = new Set(samples)
  const found: SampleOrigin[] = []
  let sample = 0
  for await (const origin of readParsed<SampleOrigin>(path)) {
    if (wanted.has(sample++)) found.push(origin)
  }
  return found
}
