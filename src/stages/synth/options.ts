import { z } from 'zod'

/** Options of `synth`. */
export const synthOptionsSchema = z.strictObject({
  instructions: z
    .string()
    .min(1)
    .describe('Instruction file; for the scripted teacher one that `data katas` wrote.'),
  teacher: z.enum(['scripted']).default('scripted').describe('Who writes the dialogs.'),
  out: z.string().min(1).describe('File for the dialogs, one a line (.jsonl).'),
  maxRounds: z.int().min(1).max(16).default(4).describe('Programs a reflection may run at most.'),
  rightAtOnce: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe('Share of scripted dialogs whose first attempt has no fault.'),
  testsShown: z.int().min(1).default(3).describe('Assertions that a scripted reflection runs.'),
  cellCpuMs: z.int().positive().default(1000).describe('CPU time of one program, in milliseconds.'),
  concurrency: z.int().positive().default(2).describe('Instructions worked on at the same time.'),
  limit: z.int().positive().optional().describe('Only this many instructions; default all.'),
  seed: z.int().default(3407).describe('Seed of the scripted choices.'),
  overwrite: z.boolean().default(false).describe('Replace an existing output.'),
  resume: z.boolean().default(false).describe('Go on with an interrupted run.'),
})

export type SynthOptions = z.output<typeof synthOptionsSchema>
