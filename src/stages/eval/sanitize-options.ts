import { z } from 'zod'

/** Options of `sanitize`. */
export const sanitizeOptionsSchema = z.strictObject({
  samples: z.string().min(1).describe('Samples: JSONL, or a folder TASK_ID/N.py.'),
  benchmarks: z
    .array(z.string().min(1))
    .min(1)
    .default(['humaneval', 'mbpp'])
    .describe('Benchmarks or problem files that know the entry points.'),
  data: z
    .string()
    .optional()
    .describe('Folder with the files of benchmarks; default where data fetch puts them.'),
  out: z
    .string()
    .min(1)
    .optional()
    .describe('File or folder to write; default the name of the samples with -sanitized.'),
  overwrite: z.boolean().default(false).describe('Replace the output.'),
  workers: z.int().min(1).max(1024).optional().describe('Programs at one time; default: cores.'),
})

export type SanitizeOptions = z.output<typeof sanitizeOptionsSchema>
