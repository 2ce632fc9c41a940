export { runCommandLine } from './command-line.ts'
export { commandTable } from './command-table.ts'
