import { z } from 'zod'

/** Options of `data katas`. */
export const katasOptionsSchema = z.strictObject({
  split: z
    .enum(['train', 'test'])
    .default('train')
    .describe('Train and test katas share no combination of operations.'),
  count: z.int().min(1).default(500).describe('How many katas.'),
  seed: z.int().default(3407).describe('Equal seeds give equal katas.'),
  format: z
    .enum(['instructions', 'problems'])
    .optional()
    .describe(
      'Instructions for synth, or problems for generate and eval; default by the split: train, test.',
    ),
  out: z.string().describe('File to write (JSONL).'),
  overwrite: z.boolean().default(false).describe('Replace an existing file.'),
})

export type KatasOptions = z.output<typeof katasOptionsSchema>
