export { oneOffInstruction } from './one-off-instruction.ts'
