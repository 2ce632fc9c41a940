import { Command, CommanderError } from 'commander'
import {
  type ExitStatus,
  exitStatus,
  InputError,
  optionFlag,
  parseOptions,
  unknownOption,
} from '../../core/index.ts'
import type { CommandContext, CommandEntry, CommandResult, LoadedCommand } from './command.ts'
import { commandTable } from './command-table.ts'
import { findCacheFolder, listDataFolders } from './data-folders.ts'
import { printError } from './error-output.ts'
import { formatSummary } from './format.ts'
import { readHubSettings } from './hub-settings.ts'
import { readPackageVersion } from './installed-package.ts'
import { watchInterrupts } from './interrupts.ts'
import { addOptionFlags, collectOptionValues } from './option-flags.ts'
import { createTerminal } from './terminal.ts'
import { createTerminalProgress } from './terminal-progress.ts'

/** Runs one command line and returns the exit status of the process. */
export async function runCommandLine(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<ExitStatus> {
  const terminal = createTerminal(environment)
  const style = { json: argv.includes('--json'), verbose: argv.includes('--verbose') }
  try {
    return await parseAndRun(argv, {
      terminal,
      dataFolders: listDataFolders(environment),
      cacheFolder: findCacheFolder(environment),
      hub: readHubSettings(environment),
    })
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitStatus.done
    return printError(error, terminal, style)
  }
}

/** What a command knows of the environment. */
type Surroundings = Omit<CommandContext, 'progress' | 'signal'>

async function parseAndRun(
  argv: readonly string[],
  surroundings: Surroundings,
): Promise<ExitStatus> {
  const program = createProgram()
  const selected = selectEntry(argv)
  let status: ExitStatus = exitStatus.done
  for (const entry of commandTable) {
    const command = addCommand(program, entry)
    if (entry !== selected) continue
    const loaded = await entry.load()
    const fields = addOptionFlags(command, entry, loaded)
    addCommonFlags(command)
    command.action(async () => {
      const values = collectOptionValues(command, entry, fields)
      const nameOf = (key: string) =>
        entry.positional?.includes(key) ? `<${optionFlag(key)}>` : `--${optionFlag(key)}`
      const options = parseOptions(loaded.schema, values, { nameOf })
      status = await runCommand(loaded, options, command.opts<CommonFlags>(), surroundings)
    })
  }
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    throw error instanceof CommanderError ? explainUsage(error, program, selected) : error
  }
  return status
}

interface CommonFlags {
  json?: boolean
  dryRun?: boolean
}

async function runCommand(
  loaded: LoadedCommand,
  options: unknown,
  flags: CommonFlags,
  surroundings: Surroundings,
): Promise<ExitStatus> {
  const { terminal } = surroundings
  const interrupts = watchInterrupts(terminal.note)
  const progress = await createTerminalProgress(process.stderr, terminal.interactive)
  try {
    const { signal } = interrupts
    const context: CommandContext = { progress, signal, ...surroundings }
    const result = flags.dryRun
      ? await forecastCommand(loaded, options, context)
      : await loaded.run(options, context)
    progress.close()
    terminal.print(
      flags.json
        ? JSON.stringify(result.summary, null, 2)
        : (result.text ?? formatSummary(result.summary)),
    )
    return result.status ?? exitStatus.done
  } finally {
    progress.close()
    interrupts.dispose()
  }
}

async function forecastCommand(
  loaded: LoadedCommand,
  options: unknown,
  context: CommandContext,
): Promise<CommandResult> {
  if (loaded.forecast !== undefined) return loaded.forecast(options, context)
  return { summary: { options }, text: formatSummary({ options }) }
}

function createProgram(): Command {
  return new Command('reflectioncoder')
    .description('Train code models from reflection sequences, from instructions to scores.')
    .version(readPackageVersion(), '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .showSuggestionAfterError(false)
    .addHelpText(
      'after',
      '\nExample:\n  $ reflectioncoder quickstart\n\nEach command explains itself: reflectioncoder COMMAND --help',
    )
}

function addCommand(program: Command, entry: CommandEntry): Command {
  const words = entry.name.split(' ')
  let parent = program
  for (const group of words.slice(0, -1)) {
    parent =
      parent.commands.find((command) => command.name() === group) ??
      inherit(parent.command(group).description(groupSummaries[group] ?? ''), program)
  }
  const command = parent.command(words.at(-1) as string).description(entry.summary)
  return inherit(command, program).addHelpText('after', `\nExample:\n  $ ${entry.example}`)
}

const groupSummaries: Record<string, string> = {
  data: 'Look at data, convert it, write katas, or fetch benchmarks: stats, inspect, convert, katas, fetch.',
}

function inherit(command: Command, program: Command): Command {
  return command.copyInheritedSettings(program)
}

function addCommonFlags(command: Command): void {
  command
    .option('--dry-run', 'print the resolved options and a forecast, and do nothing')
    .option('--json', 'print one JSON document on standard output and nothing else')
    .option('--verbose', 'print the stack of an error')
}

/** The entry whose words lead the command line, the longest first. */
function selectEntry(argv: readonly string[]): CommandEntry | undefined {
  const firstFlag = argv.findIndex((word) => word.startsWith('-'))
  const words = firstFlag < 0 ? argv : argv.slice(0, firstFlag)
  return commandTable
    .toSorted((a, b) => b.name.length - a.name.length)
    .find(({ name }) => name.split(' ').every((word, index) => words[index] === word))
}

function explainUsage(
  error: CommanderError,
  program: Command,
  selected: CommandEntry | undefined,
): unknown {
  if (error.exitCode === 0) return error
  const quoted = /'([^']+)'/.exec(error.message)?.[1] ?? ''
  if (error.code === 'commander.unknownOption') {
    const command = findCommand(program, selected) ?? program
    const known = command.options.flatMap((option) => (option.long ? [option.long] : []))
    return unknownOption(quoted.split('=')[0] as string, known)
  }
  if (error.code === 'commander.unknownCommand' || error.code === 'commander.help') {
    return unknownCommand(quoted, program)
  }
  return new InputError(error.message.replace(/^error: /, ''), {
    code: 'RC_BAD_USAGE',
    hint: `See reflectioncoder ${selected?.name ?? ''} --help.`.replace('  ', ' '),
  })
}

function unknownCommand(name: string, program: Command): InputError {
  const known = commandTable.map((entry) => entry.name)
  const hint = unknownOption(name, known).hint
  return name === ''
    ? new InputError(`a command is missing; known are ${known.join(', ')}`, {
        code: 'RC_BAD_USAGE',
        hint: `See ${program.name()} --help.`,
      })
    : new InputError(`unknown command ${name}`, {
        code: 'RC_UNKNOWN_COMMAND',
        ...(hint === undefined ? {} : { hint }),
      })
}

function findCommand(program: Command, entry: CommandEntry | undefined): Command | undefined {
  return entry?.name
    .split(' ')
    .reduce<Command | undefined>(
      (command, word) => command?.commands.find((candidate) => candidate.name() === word),
      program,
    )
}
