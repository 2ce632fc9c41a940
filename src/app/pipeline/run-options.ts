import { z } from 'zod'

/** Options of `run`. */
export const runOptionsSchema = z.strictObject({
  recipe: z.string().describe('Recipe file (YAML).'),
  out: z.string().default('runs/latest').describe('Run folder; done steps in it are not repeated.'),
  set: z
    .array(z.string())
    .default([])
    .describe('Replace options of steps: STEP.OPTION=VALUE, as often as needed.'),
  seed: z.int().optional().describe('Seed of every step that does not set its own.'),
})

export type RunOptions = z.output<typeof runOptionsSchema>
