import type { StageEntry } from '../pipeline/index.ts'
import type { CommandEntry } from './command.ts'

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
      schema: await stage.loadSchema(),
      async run(options, { progress, signal }) {
        const run = await stage.loadRun()
        return { summary: await run(options, { progress, signal }) }
      },
    }),
  }
}
