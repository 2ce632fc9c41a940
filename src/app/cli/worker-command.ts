import { workerOptionsSchema } from '../../stages/synth/options.ts'
import { defineCommand } from './command.ts'

/** `reflectioncoder worker`. */
export const workerCommand = defineCommand({
  schema: workerOptionsSchema,
  async run(options, { progress, signal, terminal }) {
    const { serveSynthesis } = await import('../../stages/synth/index.ts')
    terminal.note('Waiting for work; Ctrl-C finishes what is in work and ends.')
    return { summary: await serveSynthesis(options, { progress, signal }) }
  },
})
