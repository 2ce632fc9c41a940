import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readDialogs, readRecords } from '../../data/datasets/index.ts'
import type { Dialog } from '../../data/dialog/index.ts'
import { costOf } from './budget.ts'
import { countWork } from './count-work.ts'
import type { SynthOptions } from './options.ts'
import { type SynthContext, type SynthSummary, synthesise } from './synthesise.ts'
import { resolveConcurrency } from './teachers/teacher-spec.ts'

/** A whole dialog, or how far it came and why it would be dropped. */
export interface PreviewedDialog {
  readonly id: string
  readonly dialog?: Dialog
  readonly reason?: string
  readonly detail?: string
}

/**
 * Writes the first few dialogs for people to read. Nothing appears at `out`, but the replies are in
 * its cache: the run itself does not ask for them again.
 */
export async function previewDialogs(
  options: SynthOptions,
  count: number,
  context: SynthContext = {},
): Promise<PreviewedDialog[]> {
  return inTemporaryFolder(options, count, context, async (out) => {
    const shown: PreviewedDialog[] = []
    for await (const { dialog } of readDialogs(out)) {
      shown.push({ id: String(dialog.id), dialog })
    }
    for await (const { value } of readRecords(`${out}.dropped.jsonl`)) {
      shown.push(value as PreviewedDialog)
    }
    return shown
  })
}

/** What the whole file would take, going by a few of its instructions. */
export interface SynthEstimate {
  readonly instructions: number
  readonly pilot: number
  readonly kept: number
  readonly dropped: Record<string, number>
  readonly calls: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** In the currency of the prices; 0 without prices. */
  readonly cost: number
  /** Undefined when the pilot's replies were known already. */
  readonly seconds: number | undefined
}

/** Runs the first few instructions and takes them for all; their replies stay in the cache. */
export async function estimateSynthesis(
  options: SynthOptions,
  count: number,
  context: SynthContext = {},
): Promise<SynthEstimate> {
  const { total } = await countWork(options)
  const pilot = Math.min(count, total)
  const started = performance.now()
  const summary = await inTemporaryFolder(options, pilot, context, async (_, found) => found)
  const seconds = (performance.now() - started) / 1000
  const { calls = 0, inputTokens = 0, outputTokens = 0 } = summary.spent ?? {}
  const factor = pilot === 0 ? 0 : total / pilot
  const all = {
    inputTokens: Math.round(inputTokens * factor),
    outputTokens: Math.round(outputTokens * factor),
  }
  // In the pilot as many calls ran side by side as there were instructions.
  const concurrency = resolveConcurrency(options)
  const known = seconds / Math.max(1, calls) < 0.002
  return {
    instructions: total,
    pilot,
    kept: summary.kept,
    dropped: summary.dropped,
    calls: Math.round(calls * factor),
    ...all,
    cost: costOf(all, options),
    seconds: known ? undefined : (seconds * factor * Math.min(concurrency, pilot)) / concurrency,
  }
}

async function inTemporaryFolder<Result>(
  options: SynthOptions,
  limit: number,
  context: SynthContext,
  work: (out: string, summary: SynthSummary) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'reflectioncoder-synth-'))
  try {
    const out = join(folder, 'dialogs.jsonl')
    const cache = options.cache ?? `${options.out}.cache`
    const { record: _, ...rest } = options
    const summary = await synthesise(
      { ...rest, out, cache, limit, keepDropped: true, overwrite: false, resume: false },
      context,
    )
    return await work(out, summary)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
