export { convertToDialog } from './convert-to-dialog.ts'
export type { Instruction, Turn } from './instruction.ts'
export { type InstructionFormat, instructionFormats } from './instruction-formats.ts'
export {
  type InstructionColumn,
  type InstructionOptions,
  readInstructions,
} from './read-instructions.ts'
export { type DataRecord, readJsonLines } from './read-json-lines.ts'
export { type Line, type ReadOptions, readLines } from './read-lines.ts'
export { readParquet } from './read-parquet.ts'
export { type DialogRecord, readDialogs, readRecords } from './read-records.ts'
export { createJsonLinesWriter, type JsonLinesWriter } from './write-json-lines.ts'
