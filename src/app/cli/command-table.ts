import { recipeStages, type StageEntry } from '../pipeline/index.ts'
import type { CommandEntry } from './command.ts'
import { createStageCommand } from './stage-command.ts'

/** Every command. What a command needs is loaded when it is asked for, so that `--help` is fast. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: 'quickstart',
    summary: 'Go from instructions to scores with the kata domain, offline.',
    example: 'reflectioncoder quickstart',
    load: async () => (await import('./run-command.ts')).quickstartCommand,
  },
  {
    ...createStageCommand(stageNamed('synth')),
    load: async () => (await import('./synth-command.ts')).synthCommand,
  },
  {
    name: 'worker',
    summary: 'Take instructions from a queue that `synth --queue` fills, on any machine.',
    example: 'reflectioncoder worker --queue redis://localhost:6379',
    load: async () => (await import('./worker-command.ts')).workerCommand,
  },
  {
    name: 'data stats',
    summary: 'Count dialogs, blocks, executions and lengths.',
    example: 'reflectioncoder data stats dialogs.jsonl',
    positional: ['file'],
    load: async () => (await import('./data-stats.ts')).dataStatsCommand,
  },
  {
    name: 'data inspect',
    summary: 'Print a dialog, coloured by what teacher and student see and learn.',
    example:
      'reflectioncoder data inspect dialogs.jsonl --model models/kata-base --index 3 --mask-rate 0.5',
    positional: ['file'],
    load: async () => (await import('./data-inspect.ts')).dataInspectCommand,
  },
  createStageCommand(stageNamed('convert'), { name: 'data convert', positional: ['input'] }),
  createStageCommand(stageNamed('katas'), { name: 'data katas' }),
  {
    name: 'data fetch',
    summary: 'Download the files of benchmarks and check them.',
    example: 'reflectioncoder data fetch humaneval mbpp',
    positional: ['benchmarks'],
    load: async () => (await import('./data-fetch.ts')).dataFetchCommand,
  },
  createStageCommand(stageNamed('plan')),
  createStageCommand(stageNamed('train')),
  {
    ...createStageCommand(stageNamed('loss')),
    load: async () => (await import('./loss-command.ts')).lossCommand,
  },
  createStageCommand(stageNamed('generate')),
  {
    name: 'eval',
    summary: stageNamed('eval').summary,
    example: stageNamed('eval').example,
    load: async () => (await import('./eval-command.ts')).evalCommand,
  },
  {
    name: 'eval compare',
    summary: 'Compare two evaluations of the same tasks: fixed, broken, McNemar.',
    example: 'reflectioncoder eval compare scores-a scores-b',
    positional: ['before', 'after'],
    load: async () => (await import('./eval-compare.ts')).evalCompareCommand,
  },
  {
    name: 'eval open',
    summary: 'Write a file that shows why a sample fails when it is run.',
    example: 'reflectioncoder eval open HumanEval/32 --results scores',
    positional: ['task'],
    load: async () => (await import('./eval-open.ts')).evalOpenCommand,
  },
  {
    name: 'sanitize',
    summary: 'Cut samples down to imports and what the entry point needs, as EvalPlus does.',
    example: 'reflectioncoder sanitize samples.jsonl',
    positional: ['samples'],
    load: async () => (await import('./sanitize-command.ts')).sanitizeCommand,
  },
  {
    name: 'run',
    summary: 'Run a recipe: stages joined by their outputs.',
    example: 'reflectioncoder run recipe.yaml --out runs/mine',
    positional: ['recipe'],
    load: async () => (await import('./run-command.ts')).runCommand,
  },
  {
    name: 'doctor',
    summary: 'Say what is there, what is missing and how to get it.',
    example: 'reflectioncoder doctor',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
]

function stageNamed(name: string): StageEntry {
  const stage = recipeStages.find((candidate) => candidate.name === name)
  if (stage === undefined) throw new Error(`no stage ${name}`)
  return stage
}
