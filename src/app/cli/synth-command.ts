import { z } from 'zod'
import type { Dialog } from '../../data/dialog/index.ts'
import { type SynthOptions, synthOptionsSchema } from '../../stages/synth/options.ts'
import { defineCommand } from './command.ts'
import { type DrawnBlock, drawBlocks } from './draw-blocks.ts'
import { formatDuration, formatSummary } from './format.ts'
import type { Terminal } from './terminal.ts'

type Synth = typeof import('../../stages/synth/index.ts')
type Previewed = Awaited<ReturnType<Synth['previewDialogs']>>[number]
type Estimate = Awaited<ReturnType<Synth['estimateSynthesis']>>

const loadSynth = () => import('../../stages/synth/index.ts')

/** `reflectioncoder synth`: the stage, and looks at it beforehand. */
export const synthCommand = defineCommand({
  schema: synthOptionsSchema.extend({
    preview: z.int().positive().optional().describe('Print so many whole dialogs; write nothing.'),
    estimate: z
      .boolean()
      .default(false)
      .describe('Forecast tokens, money and time from a few instructions; write nothing.'),
    pilot: z.int().positive().default(10).describe('Instructions of the estimate.'),
  }),
  async run({ preview, estimate, pilot, ...options }, { terminal, ...context }) {
    const { previewDialogs, estimateSynthesis, synthesise } = await loadSynth()
    if (preview !== undefined) {
      const dialogs = await previewDialogs(options, preview, context)
      return { summary: { dialogs }, text: renderPreview(dialogs, terminal) }
    }
    if (estimate) {
      const summary = await estimateSynthesis(options, pilot, context)
      return { summary, text: renderEstimate(summary) }
    }
    return { summary: await synthesise(options, context) }
  },
  async forecast({ preview: _, estimate: __, pilot: ___, ...options }) {
    const { forecastSynthesis } = await loadSynth()
    const forecast = await forecastSynthesis(options)
    const shown = withoutPasswords(options)
    return { summary: { options: shown, forecast }, text: renderForecast(shown, forecast) }
  },
})

/** Addresses may hold them, behind a question mark as well. */
function withoutPasswords<Options extends SynthOptions>(options: Options): Options {
  const hide = (address: string) =>
    address
      .replace(/(\/\/[^/?#@]*:)[^/?#@]*@/, '$1***@')
      .replace(/([?&](?!api-version=)[^=&#]*=)[^&#]*/g, '$1***')
  const { baseUrl, queue } = options
  return {
    ...options,
    ...(baseUrl === undefined ? {} : { baseUrl: hide(baseUrl) }),
    ...(queue === undefined ? {} : { queue: hide(queue) }),
  }
}

function renderForecast(options: SynthOptions, forecast: unknown): string {
  return `${formatSummary({ options })}\n\nNo call was made.\n${formatSummary({ forecast })}`
}

function renderPreview(dialogs: readonly Previewed[], terminal: Terminal): string {
  const parts = dialogs.map(({ id, dialog, reason, detail }) => {
    const verdict =
      reason === undefined ? 'kept' : `dropped: ${reason}${detail ? ` (${detail})` : ''}`
    const head = terminal.colors.bold(`${id}, ${verdict}`)
    return dialog === undefined ? head : `${head}\n${drawBlocks(blocksOf(dialog), terminal)}`
  })
  return parts.join('\n\n')
}

function blocksOf({ messages }: Dialog): DrawnBlock[] {
  return messages.flatMap(({ role, content }, message) =>
    content.map((block) => ({ message, role, head: block.type, content: block.content })),
  )
}

function renderEstimate(estimate: Estimate): string {
  const { seconds, ...counts } = estimate
  const time =
    seconds === undefined ? 'unknown: the replies were known already' : formatDuration(seconds)
  return formatSummary({ ...counts, time })
}
