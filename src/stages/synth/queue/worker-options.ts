import { z } from 'zod'

/** Options of `worker`. */
export const workerOptionsSchema = z.strictObject({
  queue: z
    .string()
    .min(1)
    .describe('Redis server that `synth --queue` gives its work to, such as redis://host:6379.'),
  concurrency: z
    .int()
    .positive()
    .max(4096)
    .default(16)
    .describe('Instructions worked on at the same time.'),
  leaseMs: z
    .int()
    .min(200)
    .default(15_000)
    .describe('Time after which a worker that is not heard of counts as dead, milliseconds.'),
  exitWhenIdle: z
    .number()
    .positive()
    .optional()
    .describe('Seconds without work after which the worker ends; default never.'),
})

export type WorkerOptions = z.output<typeof workerOptionsSchema>
