import { z } from 'zod'

/** Options of `generate`. */
export const generateOptionsSchema = z.strictObject({
  model: z
    .string()
    .min(1)
    .describe('Model: a Hugging Face folder, a .gguf file, or the id of one on the hub.'),
  adapter: z.string().min(1).optional().describe('LoRA adapter of the model, in peft format.'),
  problems: z
    .string()
    .min(1)
    .describe('Problem file in EvalPlus format (JSONL, .gz), or humaneval or mbpp by name.'),
  data: z
    .string()
    .optional()
    .describe('Folder with the files of benchmarks; default where data fetch puts them.'),
  out: z.string().min(1).describe('File for the samples, JSONL of task_id and solution.'),
  overwrite: z.boolean().default(false).describe('Replace the file.'),
  resume: z.boolean().default(false).describe('Go on with a generation that was interrupted.'),
  promptStyle: z
    .enum(['chat', 'completion'])
    .default('chat')
    .describe('chat asks a tuned model in its template; completion gives a base model the prompt.'),
  samplesPerTask: z.int().min(1).max(10_000).default(1).describe('Samples of each problem.'),
  maxNewTokens: z.int().min(1).max(100_000).default(1024).describe('New tokens at most.'),
  temperature: z.number().min(0).max(100).default(0).describe('Sampling temperature; 0 is greedy.'),
  topP: z.number().gt(0).max(1).default(1).describe('Share of probability that is drawn from.'),
  topK: z.int().min(0).default(0).describe('Most likely tokens that are drawn from; 0 is all.'),
  batchSize: z.int().min(1).max(4096).default(16).describe('Prompts continued at the same time.'),
  threads: z.int().min(0).default(0).describe('Processor threads; 0 takes all.'),
  seed: z.int().default(3407).describe('Seed of the draws.'),
})

export type GenerateOptions = z.output<typeof generateOptionsSchema>
