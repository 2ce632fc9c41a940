import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../../core/index.ts'
import type { ResolvedStep } from './resolve-recipe.ts'

/** What a run folder remembers of a step, in `.steps/ID.json`. */
export interface StepState {
  fingerprint: string
  status: 'running' | 'done'
  /** Of the last process that worked on it. */
  seconds: number
  peakMemoryBytes: number | null
  summary: unknown
}

/** How a step begins: not at all, where it stopped, or anew. */
export type StepStart = 'skip' | 'resume' | 'start'

export async function readStepState(runFolder: string, id: string): Promise<StepState | undefined> {
  const text = await readFile(statePath(runFolder, id), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as StepState)
}

export async function writeStepState(
  runFolder: string,
  id: string,
  state: StepState,
): Promise<void> {
  await writeFileAtomic(statePath(runFolder, id), `${JSON.stringify(state, null, 2)}\n`)
}

/** Decides by the fingerprint: a step with other options or inputs is done anew. */
export async function chooseStart(
  step: ResolvedStep,
  state: StepState | undefined,
  fingerprint: string,
): Promise<StepStart> {
  if (state?.fingerprint !== fingerprint) return 'start'
  if (state.status === 'running') return 'resume' in step.options ? 'resume' : 'start'
  const isThere = await stat(step.output).then(
    () => true,
    () => false,
  )
  return isThere ? 'skip' : 'start'
}

function statePath(runFolder: string, id: string): string {
  return join(runFolder, '.steps', `${id}.json`)
}
