import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, writeFileAtomic } from '../../../../core/index.ts'
import type { Parameters } from '../../../../nn/models/index.ts'
import { openSafetensors, writeSafetensors } from '../../../../nn/weights/index.ts'
import type { AdamWState } from './adamw.ts'

/** Everything that a run needs to go on as if it had not stopped. */
export interface TrainingState {
  /** Steps done. */
  readonly step: number
  readonly parameters: Parameters
  readonly optimizer: AdamWState
  /** The best of the steps done; its checkpoint stays. */
  readonly best?: BestStep | undefined
}

/** The steps done when the loss on held-out samples was lowest. */
export interface BestStep {
  readonly step: number
  readonly loss: number
}

/** What a checkpoint belongs to. */
export interface CheckpointOwner {
  readonly planHash: string
  /** What is trained: all weights, or an adapter with its options. */
  readonly trained: string
}

/**
 * Writes `checkpoints/step-<n>/` with weights and moments. The folder gets its name last, so that a
 * folder with that name is whole. Older checkpoints beyond `keep` and the best are removed afterwards.
 */
export async function writeCheckpoint(
  out: string,
  owner: CheckpointOwner,
  state: TrainingState,
  keep: number,
): Promise<string> {
  const path = join(checkpointsIn(out), folderName(state.step))
  const unfinished = `${path}.tmp-${process.pid}`
  await mkdir(unfinished, { recursive: true })
  const parts = [
    ['weight', state.parameters],
    ['first', state.optimizer.first],
    ['second', state.optimizer.second],
  ] as const
  const tensors = parts.flatMap(([part, table]) =>
    [...table].map(([name, { data, shape }]) => ({
      name: `${part}:${name}`,
      dtype: 'F32' as const,
      shape,
      data,
    })),
  )
  await writeSafetensors(join(unfinished, 'state.safetensors'), tensors)
  const { step, best, optimizer } = state
  const description = { step, updates: optimizer.updates, ...(best ? { best } : {}), ...owner }
  await writeFileAtomic(join(unfinished, 'state.json'), `${JSON.stringify(description)}\n`)
  await rm(path, { recursive: true, force: true })
  await rename(unfinished, path)
  await removeOld(out, keep, best)
  return path
}

/**
 * Reads the newest checkpoint of an output folder into the tables.
 *
 * @returns the steps done, 0 when there is no checkpoint, and the best of them
 * @throws `RC_OTHER_PLAN` when it was made for another plan, `RC_OTHER_TRAINING` when something else
 * was trained, `RC_BAD_CHECKPOINT` when it is damaged
 */
export async function readCheckpoint(
  out: string,
  { planHash, trained }: CheckpointOwner,
  parameters: Parameters,
  optimizer: AdamWState,
): Promise<{ step: number; best?: BestStep | undefined }> {
  const newest = (await listCheckpoints(out)).at(-1)
  if (newest === undefined) return { step: 0 }
  const path = join(checkpointsIn(out), newest)
  const description = await readDescription(path)
  if (description.planHash !== planHash) {
    throw new InputError(
      `the checkpoint ${path} belongs to the plan ${description.planHash}, not to ${planHash}`,
      {
        code: 'RC_OTHER_PLAN',
        hint: 'Give the plan of that run, or --overwrite to start anew.',
      },
    )
  }
  if (description.trained !== trained) {
    throw new InputError(
      `the checkpoint ${path} holds other weights: it trained ${description.trained}, now asked for ${trained}`,
      {
        code: 'RC_OTHER_TRAINING',
        hint: 'Give the options of that run, or --overwrite to start anew.',
      },
    )
  }
  await readState(path, [
    ['weight', parameters],
    ['first', optimizer.first],
    ['second', optimizer.second],
  ])
  optimizer.updates = description.updates
  return { step: description.step, best: description.best }
}

/** Reads the weights of the checkpoint of a step into a table. */
export async function readCheckpointWeights(
  out: string,
  step: number,
  parameters: Parameters,
): Promise<void> {
  await readState(join(checkpointsIn(out), folderName(step)), [['weight', parameters]])
}

interface Description extends CheckpointOwner {
  readonly step: number
  readonly updates: number
  readonly best?: BestStep
}

async function readDescription(path: string): Promise<Description> {
  const file = join(path, 'state.json')
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Description
  } catch (cause) {
    throw badCheckpoint(path, `${file}: ${(cause as Error).message}`, cause)
  }
}

async function readState(
  path: string,
  parts: readonly (readonly [part: string, table: Parameters])[],
): Promise<void> {
  const file = await openSafetensors(join(path, 'state.safetensors')).catch((cause) => {
    throw badCheckpoint(path, (cause as Error).message, cause)
  })
  try {
    for (const [part, table] of parts) {
      for (const [name, { data }] of table) data.set(await file.readFloat32(`${part}:${name}`))
    }
  } finally {
    await file.close()
  }
}

const badCheckpoint = (path: string, problem: string, cause: unknown) =>
  new InputError(`the checkpoint ${path} is damaged: ${problem}`, {
    code: 'RC_BAD_CHECKPOINT',
    hint: 'Remove that folder; --resume then goes on from the checkpoint before it.',
    cause,
  })

const checkpointsIn = (out: string) => join(out, 'checkpoints')
const folderName = (step: number) => `step-${String(step).padStart(8, '0')}`

/** Whole checkpoints, oldest first. */
async function listCheckpoints(out: string): Promise<string[]> {
  const entries = await readdir(checkpointsIn(out)).catch(() => [])
  return entries.filter((name) => /^step-\d{8}$/.test(name)).sort()
}

async function removeOld(out: string, keep: number, best: BestStep | undefined): Promise<void> {
  const entries = await readdir(checkpointsIn(out))
  const unfinished = entries.filter((name) => name.includes('.tmp-'))
  const kept = best && folderName(best.step)
  const old = (await listCheckpoints(out)).slice(0, -keep).filter((name) => name !== kept)
  for (const name of [...old, ...unfinished]) {
    await rm(join(checkpointsIn(out), name), { recursive: true, force: true })
  }
}
