import { z } from 'zod'

/** Options of `data convert`. */
export const convertOptionsSchema = z.strictObject({
  input: z.string().describe('Instructions with answers, or dialogs (JSONL, Parquet).'),
  from: z
    .enum(['instructions', 'dialogs'])
    .default('instructions')
    .describe('What the input holds. Of a dialog, the last question and answer are kept.'),
  out: z.string().describe('File of plain dialogs to write (JSONL).'),
  overwrite: z.boolean().default(false).describe('Replace an existing file.'),
})

export type ConvertOptions = z.output<typeof convertOptionsSchema>
