import { z } from 'zod'
import { planOptionsSchema } from '../plan/options.ts'

/** As peft names them; the engine has a table of its own, which is not loaded for `--help`. */
const loraTargets = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'down_proj',
] as const

/** Options of `train`. What is trained on, and how, stands in the plan. */
export const trainOptionsSchema = z.strictObject({
  model: z
    .string()
    .describe('Model to tune: a Hugging Face folder, a .gguf file, or the id of one on the hub.'),
  plan: z.string().describe('Folder of the step plan, made by `plan` for this model.'),
  out: z.string().describe('Output folder: model/, adapter/, metrics.jsonl, checkpoints/.'),
  engine: z.enum(['onnx']).default('onnx').describe('What executes the plan.'),
  threads: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Processor threads; 0 takes all. Results may differ in the last digits between counts.',
    ),
  tokensPerRun: z
    .int()
    .positive()
    .default(1024)
    .describe('Rows of a step are computed together up to this many tokens.'),
  activations: z
    .enum(['auto', 'keep', 'recompute'])
    .default('auto')
    .describe(
      'Keep what the layers made for the backward pass (fast), compute it again layer by layer (little memory), or keep as much as free memory allows.',
    ),
  checkpointEvery: z
    .int()
    .min(0)
    .default(0)
    .describe('Write a checkpoint every so many steps; 0 means every tenth of the run.'),
  keepCheckpoints: z
    .int()
    .positive()
    .default(2)
    .describe(
      'How many of the last checkpoints to keep; the best by validation stays beside them.',
    ),
  validateEvery: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Measure the loss on the held-out samples of the plan every so many steps, and at the end; 0 means every tenth of the run.',
    ),
  finalModel: z
    .enum(['last', 'best'])
    .default('last')
    .describe('Weights that are written at the end: the last ones, or the best by validation.'),
  dtype: z
    .enum(['F32', 'BF16', 'F16'])
    .default('F32')
    .describe('Number format of the weights that are written at the end.'),
  loraRank: z
    .int()
    .min(0)
    .max(4096)
    .default(0)
    .describe('Rank of a LoRA adapter that is trained in place of the weights; 0 trains them all.'),
  loraAlpha: z.number().positive().default(16).describe('Factor of the adapter, over its rank.'),
  loraTargets: z
    .array(z.enum(loraTargets))
    .min(1)
    .default([...loraTargets])
    .describe('Projections that the adapter changes.'),
  loraDropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('Share of its input that the adapter does not see while training.'),
  merge: z
    .boolean()
    .default(true)
    .describe('With an adapter: also write the model with the adapter merged into it.'),
  overwrite: z.boolean().default(false).describe('Replace an existing output.'),
  resume: z.boolean().default(false).describe('Go on from the last checkpoint in the output.'),
})

export type TrainOptions = z.infer<typeof trainOptionsSchema>

const planned = planOptionsSchema.shape

/** Options of `loss`; those of the objective are `plan`'s. */
export const lossOptionsSchema = z.strictObject({
  model: z
    .string()
    .min(1)
    .describe(
      'Model: a Hugging Face folder, a .gguf file, the id of one on the hub, or the folder of a LoRA adapter, which names its model.',
    ),
  adapter: z
    .string()
    .min(1)
    .optional()
    .describe(
      'LoRA adapter of the model, in peft format; gradients are then those of the adapter.',
    ),
  data: planned.data.describe(
    'Files of dialogs or of plain instruction data (JSONL, .gz, .zst, Parquet).',
  ),
  out: z.string().min(1).optional().describe('File for the figures (JSON); default none.'),
  perSample: z.boolean().default(false).describe('Also give the figures of every sample.'),
  gradients: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File for the gradient of the mean loss (safetensors, F32), by the names of the Hugging Face parameters, or of the adapter in peft.',
    ),
  overwrite: z.boolean().default(false).describe('Replace existing files.'),
  mask: planned.mask.describe('Mask strategies; of several, one is drawn for each sample.'),
  blockOrder: planned.blockOrder,
  maskRate: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Share of the reflection to hide from the student.'),
  klWeight: planned.klWeight,
  temperature: planned.temperature,
  maxLength: planned.maxLength,
  seed: planned.seed.describe('Seed of the masks.'),
  activations: trainOptionsSchema.shape.activations,
  threads: trainOptionsSchema.shape.threads,
})

export type LossOptions = z.output<typeof lossOptionsSchema>
