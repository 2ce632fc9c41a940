import { findModel, type StageEntry } from '../pipeline/index.ts'
import type { CommandEntry, LoadedCommand } from './command.ts'

/** A stage as a command of its own; its work is loaded when it begins. */
export function createStageCommand(
  stage: StageEntry,
  words: { name?: string; positional?: readonly string[] } = {},
): CommandEntry {
  return {
    name: words.name ?? stage.name,
    summary: stage.summary,
    example: stage.example,
    positional: words.positional ?? [],
    load: async () => ({
      ...forecastOf(stage.name),
      schema: await stage.loadSchema(),
      async run(options, { terminal: _, ...context }) {
        const run = await stage.loadRun()
        return { summary: await run(options, context) }
      },
    }),
  }
}

/** Loaded with the work of the stage, at the first dry run. */
function forecastOf(name: string): Pick<LoadedCommand, 'forecast'> {
  if (name === 'plan') {
    return {
      forecast: async (options, context) =>
        (await import('./stage-forecasts.ts')).forecastPlan(
          await findModel(options, context),
          context,
        ),
    }
  }
  if (name !== 'train') return {}
  return {
    forecast: async (options, context) =>
      (await import('./stage-forecasts.ts')).forecastTrain(await findModel(options, context)),
  }
}
