export type { CommandEntry } from './command.ts'
export { runCommandLine } from './command-line.ts'
export { commandTable } from './command-table.ts'
