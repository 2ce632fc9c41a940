import type { z } from 'zod'
import type { ExitStatus, Progress } from '../../core/index.ts'
import type { HubSettings } from '../../nn/hub/index.ts'
import type { Terminal } from './terminal.ts'

/** What a command may use while it works. */
export interface CommandContext {
  progress: Progress
  signal: AbortSignal
  terminal: Terminal
  /** Where files of benchmarks are looked for when a command is not told, in order. */
  dataFolders: readonly string[]
  /** How models are fetched that are given by their id on the hub. */
  hub: HubSettings
  /** The user's cache of this program. */
  cacheFolder: string
}

/** What a command leaves: `summary` is printed with `--json`, `text` otherwise. */
export interface CommandResult {
  summary: unknown
  text?: string
  /** Default `exitStatus.done`. */
  status?: ExitStatus
}

/** A command with its options and its work, loaded when it is asked for. */
export interface LoadedCommand {
  schema: z.ZodObject
  run(options: unknown, context: CommandContext): Promise<CommandResult>
  /** What `--dry-run` adds to the resolved options; without it, those alone are printed. */
  forecast?(options: unknown, context: CommandContext): Promise<CommandResult>
}

/** One line of the command table. */
export interface CommandEntry {
  /** One word, or a group and a word: `data stats`. */
  name: string
  summary: string
  /** A command line that can be typed as it is. */
  example: string
  /** Keys of the options that are given by place; the last may be left out if not required. */
  positional?: readonly string[]
  load(): Promise<LoadedCommand>
}

/** Ties the type of the options to their schema. */
export function defineCommand<Schema extends z.ZodObject>(command: {
  schema: Schema
  run(options: z.output<Schema>, context: CommandContext): Promise<CommandResult>
  forecast?(options: z.output<Schema>, context: CommandContext): Promise<CommandResult>
}): LoadedCommand {
  return command as LoadedCommand
}
