import type { z } from 'zod'
import type { Progress } from '../../core/index.ts'
import type { HubSettings } from '../../nn/hub/index.ts'
import { findModel } from './find-model.ts'

/** What a stage may use while it works. */
export interface StageContext {
  progress: Progress
  signal: AbortSignal
  /** Where files of benchmarks are looked for when a stage is not told. */
  dataFolders?: readonly string[]
  /** How models are fetched that are given by their id; without it, they must be local. */
  hub?: HubSettings
  /** Where stages keep what makes them faster the next time; default nowhere. */
  cacheFolder?: string
}

/** A stage as commands and recipes know it. */
export interface StageEntry {
  /** Name of the command, and of `uses` in a recipe. */
  name: string
  summary: string
  example: string
  /** What the stage writes: a file with this ending, or a folder when empty. */
  outputEnding: string
  /** Options that hold paths of files or folders that the stage reads. */
  inputs: readonly string[]
  /** The schema alone, so that `--help` need not load an engine. */
  loadSchema(): Promise<z.ZodObject>
  /** The work itself; the result is the summary that is printed and reported. */
  loadRun(): Promise<(options: unknown, context: StageContext) => Promise<unknown>>
}

/** Every stage, in the order in which a run passes through them. */
export const stageTable: readonly StageEntry[] = [
  {
    name: 'synth',
    summary: 'Write reflection sequences: a teacher codes, runs, reads the output and repairs.',
    example: 'reflectioncoder synth --instructions instructions.jsonl --out dialogs.jsonl',
    outputEnding: '.jsonl',
    inputs: ['instructions', 'prompts', 'decontaminate'],
    loadSchema: async () => (await import('../../stages/synth/options.ts')).synthOptionsSchema,
    loadRun: async () => erase((await import('../../stages/synth/index.ts')).synthesise),
  },
  {
    name: 'plan',
    summary: 'Decide everything that training will compute, and write it as a step plan.',
    example: 'reflectioncoder plan --data dialogs.jsonl --model models/kata-base --out plan',
    outputEnding: '',
    inputs: ['data', 'validation', 'model'],
    loadSchema: async () => (await import('../../stages/plan/options.ts')).planOptionsSchema,
    loadRun: async () => withModel((await import('../../stages/plan/index.ts')).createPlan),
  },
  {
    name: 'train',
    summary: 'Tune a model by a step plan.',
    example: 'reflectioncoder train --model models/kata-base --plan plan --out tuned',
    outputEnding: '',
    inputs: ['model', 'plan'],
    loadSchema: async () => (await import('../../stages/train/options.ts')).trainOptionsSchema,
    loadRun: async () => withModel((await import('../../stages/train/index.ts')).train),
  },
  {
    name: 'loss',
    summary: 'Measure the objective of dialogs, and its gradient, without training.',
    example:
      'reflectioncoder loss --model models/kata-base --data dialogs.jsonl --mask block-type --mask-rate 0.5',
    outputEnding: '.json',
    inputs: ['model', 'adapter', 'data'],
    loadSchema: async () => (await import('../../stages/train/options.ts')).lossOptionsSchema,
    loadRun: async () =>
      withModel((await import('../../stages/train/index.ts')).measureLoss, { adapters: true }),
  },
  {
    name: 'generate',
    summary: 'Let a model write one-off code for problems.',
    example:
      'reflectioncoder generate --model tuned/model --problems problems.jsonl --out samples.jsonl',
    outputEnding: '.jsonl',
    inputs: ['model', 'adapter', 'problems'],
    loadSchema: async () =>
      (await import('../../stages/generate/options.ts')).generateOptionsSchema,
    loadRun: async () =>
      withModel((await import('../../stages/generate/index.ts')).generate, { adapters: true }),
  },
  {
    name: 'eval',
    summary: 'Judge samples in the sandbox as EvalPlus does.',
    example: 'reflectioncoder eval --benchmark humaneval --samples samples.jsonl --out scores',
    outputEnding: '',
    inputs: ['benchmark', 'problems', 'samples', 'data'],
    loadSchema: async () => (await import('../../stages/eval/options.ts')).evalOptionsSchema,
    loadRun: async () => erase((await import('../../stages/eval/index.ts')).evaluate),
  },
]

/** Options are checked against the schema of the same stage before its function is called. */
function erase<Options, Summary>(
  run: (options: Options, context: StageContext) => Promise<Summary>,
): (options: unknown, context: StageContext) => Promise<unknown> {
  return run as (options: unknown, context: StageContext) => Promise<unknown>
}

/**
 * As `erase`, with the model's local path in place of its id on the hub.
 *
 * @param adapters whether the stage takes an adapter beside its model
 */
function withModel<Options, Summary>(
  run: (options: Options, context: StageContext) => Promise<Summary>,
  { adapters = false } = {},
): (options: unknown, context: StageContext) => Promise<unknown> {
  return async (options, context) =>
    erase(run)(await findModel(options, { ...context, adapters }), context)
}
