import { join } from 'node:path'
import type { z } from 'zod'
import {
  forecastRun,
  type RunForecast,
  type RunOptions,
  type RunSummary,
  runOptionsSchema,
  runRecipe,
} from '../pipeline/index.ts'
import { renderScoresText } from '../report/index.ts'
import { defineCommand, type LoadedCommand } from './command.ts'
import { formatDuration, formatSummary } from './format.ts'
import { packageFolder, readPackageVersion } from './installed-package.ts'

/** `reflectioncoder run RECIPE.yaml`. */
export const runCommand = defineRecipeCommand(runOptionsSchema)

/** `reflectioncoder quickstart`: the recipe that ships with the package. */
export const quickstartCommand = defineRecipeCommand(
  runOptionsSchema.extend({
    recipe: runOptionsSchema.shape.recipe.default(join(packageFolder, 'recipes/quickstart.yaml')),
    out: runOptionsSchema.shape.out.default('runs/quickstart'),
  }),
)

function defineRecipeCommand(schema: z.ZodObject): LoadedCommand {
  const version = readPackageVersion()
  return defineCommand({
    schema,
    async run(values, { terminal, ...context }) {
      const options = values as RunOptions
      terminal.note(`Run folder: ${options.out}`)
      const summary = await runRecipe(options, { ...context, version })
      return { summary, text: renderRun(summary) }
    },
    async forecast(options) {
      const forecast = await forecastRun(options as RunOptions, version)
      return { summary: forecast, text: renderForecast(forecast) }
    },
  })
}

function renderRun({ scores, comparisons, steps, report, seconds }: RunSummary): string {
  const skipped = steps.filter(({ start }) => start === 'skip').length
  const note = skipped > 0 ? `, ${skipped} of ${steps.length} steps were done already` : ''
  const table = renderScoresText(scores, comparisons)
  const end = `Report: ${report}\nTook ${formatDuration(seconds)}${note}.`
  return table === '' ? end : `\n${table}\n\n${end}`
}

function renderForecast({ title, out, steps }: RunForecast): string {
  const blocks = steps.map(({ id, uses, start, lastSeconds, options }) => {
    const past = lastSeconds === null ? '' : `, took ${formatDuration(lastSeconds)} last time`
    return `${id} (${uses}): ${startWords[start]}${past}\n${formatSummary(options, '  ')}`
  })
  return `${title}\nRun folder: ${out}\n\n${blocks.join('\n\n')}`
}

const startWords: Record<string, string> = {
  skip: 'done already',
  resume: 'goes on where it stopped',
  start: 'runs',
}
