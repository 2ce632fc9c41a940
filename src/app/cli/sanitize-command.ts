import { sanitizeOptionsSchema, sanitizeSamples } from '../../stages/eval/index.ts'
import { defineCommand } from './command.ts'

/** `reflectioncoder sanitize SAMPLES`. */
export const sanitizeCommand = defineCommand({
  schema: sanitizeOptionsSchema,
  async run(options, { terminal: _, ...context }) {
    return { summary: await sanitizeSamples(options, context) }
  },
})
