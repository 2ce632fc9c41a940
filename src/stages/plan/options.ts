import { z } from 'zod'
import { nearestName } from '../../core/index.ts'

/** How the student's view of the reflection is hidden; see `hideReflection`. */
export const maskStrategies = [
  'none',
  'all',
  'block-type',
  'sequential-block',
  'random-block',
  'sequential-token',
  'random-token',
] as const

export type MaskStrategy = (typeof maskStrategies)[number]

const strategy = z.enum(maskStrategies, {
  error: ({ input }) => {
    const nearest = nearestName(String(input), maskStrategies)
    return `expected one of ${maskStrategies.join(', ')} (the nearest is ${nearest})`
  },
})

const blockOrder = z
  .array(z.enum(['text', 'code', 'execution']))
  .refine((types) => types.length === 3 && new Set(types).size === 3, {
    error: 'expected text, code and execution, each once',
  })

/** Options of `plan`. Defaults are those of the published training. */
export const planOptionsSchema = z.strictObject({
  data: z
    .array(z.string().min(1))
    .min(1)
    .describe(
      'Files of dialogs or of plain instruction data (JSONL, .gz, .zst, Parquet). A file listed twice is trained twice an epoch, each time with masks of its own.',
    ),
  model: z
    .string()
    .min(1)
    .describe('Model whose tokenizer and config are read: a folder, a .gguf file or a hub id.'),
  validation: z
    .array(z.string().min(1))
    .default([])
    .describe('Files of dialogs that are held out: the loss on them is measured while training.'),
  validationMaskRate: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Share of the reflection to hide from the student on held-out samples.'),
  out: z.string().min(1).describe('Folder for the plan.'),
  overwrite: z.boolean().default(false).describe('Replace an existing plan.'),
  maxLength: z
    .int()
    .min(8)
    .default(4096)
    .describe('Longest sample in tokens, BOS and EOS included; longer ones are dropped.'),
  epochs: z.number().positive().default(2).describe('Passes over the data; 0.5 is half a pass.'),
  maxSteps: z.int().positive().optional().describe('Number of steps, in place of epochs.'),
  sequencesPerStep: z.int().positive().default(512).describe('Samples of an optimizer step.'),
  microBatchSize: z
    .int()
    .positive()
    .default(1)
    .describe('Samples whose losses are averaged together before micro-batches are averaged.'),
  learningRate: z.number().min(0).default(5e-5).describe('Peak learning rate of AdamW.'),
  warmupRatio: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe('Share of the steps with a rising learning rate; a cosine to 0 follows.'),
  weightDecay: z.number().min(0).default(0).describe('Weight decay of AdamW.'),
  betas: z
    .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
    .default([0.9, 0.999])
    .describe('Decay rates of the two averages of AdamW.'),
  epsilon: z.number().positive().default(1e-8).describe('Epsilon of AdamW.'),
  maxGradientNorm: z.number().positive().default(1).describe('Gradients are clipped to this norm.'),
  distillation: z
    .boolean()
    .default(true)
    .describe('false trains reflection samples by cross-entropy on the whole dialog alone.'),
  mask: z
    .array(strategy)
    .min(1)
    .default(['block-type'])
    .describe('Mask strategies; of several, one is drawn for each sample and pass.'),
  blockOrder: blockOrder
    .default(['text', 'code', 'execution'])
    .describe('Order in which block-type hides the types of blocks.'),
  maskRate: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Share of the reflection to hide in every step; default: grows from step to step.'),
  klWeight: z.number().min(0).default(1).describe('Weight of the KL divergence in the loss.'),
  temperature: z
    .number()
    .positive()
    .default(1)
    .describe('Temperature of both distributions in KL.'),
  lossWeighting: z
    .enum(['micro-batch', 'token'])
    .default('micro-batch')
    .describe('What weighs the same in a step: each micro-batch, or each label position.'),
  seed: z.int().default(3407).describe('Seed of the order of samples and of the masks.'),
})

export type PlanOptions = z.output<typeof planOptionsSchema>
