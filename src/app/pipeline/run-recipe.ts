import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  InterruptedError,
  lockFolder,
  type Progress,
  silentProgress,
  writeFileAtomic,
} from '../../core/index.ts'
import type { HubSettings } from '../../nn/hub/index.ts'
import { type ModelComparison, type ModelScore, renderReport } from '../report/index.ts'
import { collectReport } from './collect-report.ts'
import { fingerprintStep } from './fingerprint.ts'
import { readPeakMemory, resetPeakMemory } from './peak-memory.ts'
import { readRecipe } from './recipe.ts'
import { renderResolvedRecipe } from './render-resolved.ts'
import { type ResolvedStep, resolveRecipe } from './resolve-recipe.ts'
import type { RunOptions } from './run-options.ts'
import { chooseStart, readStepState, type StepState, writeStepState } from './step-state.ts'

export interface RunSummary {
  /** Folder of the run. */
  out: string
  /** The HTML page. */
  report: string
  steps: { id: string; uses: string; start: string; seconds: number }[]
  scores: ModelScore[]
  comparisons: ModelComparison[]
  /** Seconds of this call. */
  seconds: number
}

export interface RunContext {
  progress?: Progress
  signal?: AbortSignal
  /** Where files of benchmarks are looked for when a step does not say. */
  dataFolders?: readonly string[]
  /** How models are fetched that are given by their id. */
  hub?: HubSettings
  /** Where steps keep what makes them faster the next time; default nowhere. */
  cacheFolder?: string
  /** Version of the package; it is part of what decides whether a step must run again. */
  version: string
}

/**
 * Runs the steps of a recipe in a run folder. A step that is done with the same options and inputs
 * is skipped, one that was interrupted goes on, one whose options or inputs changed is done anew
 * with all that depend on it. At the end the folder holds `report.html`.
 */
export async function runRecipe(options: RunOptions, context: RunContext): Promise<RunSummary> {
  const file = await openRecipe(options)
  const steps = await resolveRecipe(file, options.out)
  const startedAt = performance.now()
  await mkdir(options.out, { recursive: true })
  const release = await lockFolder(options.out)
  try {
    await writeFileAtomic(
      join(options.out, 'recipe.yaml'),
      await renderResolvedRecipe(file.recipe, steps),
    )
    const states = new Map<string, StepState>()
    const taken: RunSummary['steps'] = []
    const fingerprints = new Map<string, string>()
    for (const step of steps) {
      const { state, start } = await runStep(step, options.out, fingerprints, context)
      states.set(step.id, state)
      taken.push({ id: step.id, uses: step.stage.name, start, seconds: state.seconds })
    }
    const report = await collectReport(file.recipe, steps, states, context)
    const path = join(options.out, 'report.html')
    await writeFileAtomic(path, renderReport(report))
    return {
      out: options.out,
      report: path,
      steps: taken,
      scores: [...report.scores],
      comparisons: [...report.comparisons],
      seconds: (performance.now() - startedAt) / 1000,
    }
  } finally {
    await release()
  }
}

/** What a run would do: every step with its resolved options, and whether it must run. */
export async function forecastRun(options: RunOptions, version: string): Promise<RunForecast> {
  const file = await openRecipe(options)
  const steps = await resolveRecipe(file, options.out)
  const fingerprints = new Map<string, string>()
  const forecast: RunForecast = { title: file.recipe.title, out: options.out, steps: [] }
  for (const step of steps) {
    const fingerprint = await fingerprintStep(step, fingerprints, version)
    fingerprints.set(step.id, fingerprint)
    const state = await readStepState(options.out, step.id)
    forecast.steps.push({
      id: step.id,
      uses: step.stage.name,
      start: await chooseStart(step, state, fingerprint),
      lastSeconds: state?.status === 'done' ? state.seconds : null,
      options: step.options,
    })
  }
  return forecast
}

export interface RunForecast {
  title: string
  out: string
  steps: {
    id: string
    uses: string
    start: string
    /** Seconds that the step took last time in this run folder; null when it never ended there. */
    lastSeconds: number | null
    options: Record<string, unknown>
  }[]
}

async function openRecipe(options: RunOptions) {
  const file = await readRecipe(options.recipe, options.set)
  if (options.seed !== undefined) file.recipe.seed = options.seed
  return file
}

async function runStep(
  step: ResolvedStep,
  runFolder: string,
  fingerprints: Map<string, string>,
  context: RunContext,
): Promise<{ state: StepState; start: string }> {
  const { progress = silentProgress, signal = new AbortController().signal, version } = context
  const fingerprint = await fingerprintStep(step, fingerprints, version)
  fingerprints.set(step.id, fingerprint)
  const before = await readStepState(runFolder, step.id)
  const start = await chooseStart(step, before, fingerprint)
  if (start === 'skip') return { state: before as StepState, start }

  stopIfAborted(signal)
  const running: StepState = {
    fingerprint,
    status: 'running',
    seconds: 0,
    peakMemoryBytes: null,
    summary: null,
  }
  await writeStepState(runFolder, step.id, running)
  await resetPeakMemory()
  const startedAt = performance.now()
  const run = await step.stage.loadRun()
  const summary = await run(startOptions(step, start), {
    progress: labelProgress(progress, step.id),
    signal,
    dataFolders: context.dataFolders ?? [],
    ...(context.hub ? { hub: context.hub } : {}),
    ...(context.cacheFolder === undefined ? {} : { cacheFolder: context.cacheFolder }),
  })
  stopIfAborted(signal)
  const state: StepState = {
    ...running,
    status: 'done',
    seconds: (performance.now() - startedAt) / 1000,
    peakMemoryBytes: await readPeakMemory(),
    summary,
  }
  await writeStepState(runFolder, step.id, state)
  return { state, start }
}

function startOptions(step: ResolvedStep, start: 'resume' | 'start'): Record<string, unknown> {
  const options = { ...step.options }
  if ('resume' in options) options.resume = start === 'resume'
  if ('overwrite' in options) options.overwrite = start === 'start'
  return options
}

/** Shows the id of the step before what the stage says of itself. */
function labelProgress(progress: Progress, id: string): Progress {
  return {
    start: (label, total) => progress.start(label === id ? id : `${id}: ${label}`, total),
  }
}

function stopIfAborted(signal: AbortSignal): void {
  if (!signal.aborted) return
  throw new InterruptedError('interrupted; the same command goes on where it stopped')
}
