import type { Instruction } from '../../data/datasets/index.ts'
import { createSandbox } from '../../sandbox/index.ts'
import type { Budget } from './budget.ts'
import { languageTable } from './languages.ts'
import type { SynthOptions } from './options.ts'
import type { PromptSet } from './prompts/load-prompts.ts'
import type { CallMeter } from './teachers/cached-transport.ts'
import { openTeacher } from './teachers/create-teacher.ts'
import { type Cache, openCache } from './teachers/response-cache.ts'
import { resolveConcurrency } from './teachers/teacher-spec.ts'
import { type WrittenDialog, writeDialog } from './write-dialog.ts'

/** Turns instructions into dialogs, in this process or elsewhere. */
export interface DialogWriter {
  /** Instructions that may be in work at one time. */
  readonly places: number
  write(instruction: Instruction, index: number): Promise<WrittenDialog>
  /** To be called when the result is in the journal. */
  written?(index: number): Promise<void>
  dispose(): Promise<void>
}

export interface LocalTools {
  readonly budget: Budget
  readonly meter: CallMeter
  /** Ends calls in flight, after a failure elsewhere. */
  readonly stop: AbortSignal
  /** Default: a folder beside the output. */
  readonly cache?: Cache
}

/** Opens teacher, cache and sandbox in this process. */
export async function openLocalWriter(
  options: SynthOptions,
  prompts: PromptSet | undefined,
  { budget, meter, stop, cache: given }: LocalTools,
): Promise<DialogWriter> {
  const owned: { dispose(): Promise<void> }[] = []
  const dispose = async () => {
    for (const one of owned.toReversed()) await one.dispose()
  }
  try {
    const concurrency = resolveConcurrency(options)
    const places = prompts === undefined ? concurrency : placesFor(concurrency)
    // The scripted teacher costs nothing, so nothing of it is remembered.
    const asksNobody = prompts === undefined
    const own =
      asksNobody || given ? undefined : await openCache(options.cache ?? `${options.out}.cache`)
    if (own) owned.push({ dispose: () => own.close() })
    const cache = asksNobody ? undefined : (given ?? own)
    const sandbox = await createSandbox({ workers: places })
    owned.push(sandbox)
    await sandbox.requireLanguage(languageTable[options.language].sandbox)
    const open = await openTeacher(options, prompts, { cache, budget, meter, stop })
    owned.push(open)
    const workshop = { teacher: open.teacher, sandbox, cache, options }
    return { places, write: (instruction) => writeDialog(instruction, workshop), dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** More instructions than calls, so that one whose program runs leaves no call unused. */
const placesFor = (concurrency: number) => concurrency + Math.max(2, Math.ceil(concurrency / 2))
