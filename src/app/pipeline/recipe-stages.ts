import { type StageEntry, stageTable } from './stage-table.ts'

/** What `uses` may name: the stages, and the sources and conversions of data. */
export const recipeStages: readonly StageEntry[] = [
  {
    name: 'katas',
    summary: 'Write katas: instructions to train on, or problems to judge by.',
    example: 'reflectioncoder data katas --split train --count 500 --out instructions.jsonl',
    outputEnding: '.jsonl',
    inputs: [],
    loadSchema: async () => (await import('./katas-options.ts')).katasOptionsSchema,
    loadRun: async () => (await import('./write-katas.ts')).runWriteKatas,
  },
  {
    name: 'convert',
    summary: 'Write plain dialogs: what plain fine-tuning learns from.',
    example: 'reflectioncoder data convert dialogs.jsonl --from dialogs --out plain.jsonl',
    outputEnding: '.jsonl',
    inputs: ['input'],
    loadSchema: async () => (await import('./convert-options.ts')).convertOptionsSchema,
    loadRun: async () => (await import('./convert-data.ts')).runConvertData,
  },
  ...stageTable,
]
