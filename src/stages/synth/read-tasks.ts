import { createHash } from 'node:crypto'
import type { InputError } from '../../core/index.ts'
import { type Instruction, readInstructions } from '../../data/datasets/index.ts'
import type { SynthOptions } from './options.ts'

/** An instruction at its place; `duplicate` when its text stood in the file before. */
export interface Task {
  readonly index: number
  readonly instruction: Instruction
  readonly duplicate: boolean
}

/** What a look at the whole file found. */
export interface TaskCount {
  readonly total: number
  readonly duplicates: number
  /** Lines that hold no instruction. */
  readonly broken: number
  readonly characters: number
}

/** Instructions in order, in bounded memory. */
export async function* readTasks(
  options: SynthOptions,
  onBroken: (error: InputError) => void = () => {},
): AsyncGenerator<Task> {
  const { instructionColumn, idColumn, answerColumn, testsColumn } = options
  const columns = {
    ...(instructionColumn ? { instruction: instructionColumn } : {}),
    ...(idColumn ? { id: idColumn } : {}),
    ...(answerColumn ? { answer: answerColumn } : {}),
    ...(testsColumn ? { tests: testsColumn } : {}),
  }
  const seen = new Set<number>()
  let index = 0
  for await (const instruction of readInstructions(options.instructions, {
    columns,
    ...(options.format ? { format: options.format } : {}),
    ...(options.limit ? { limit: options.limit } : {}),
    ...(options.skipBroken ? { onBroken } : {}),
  })) {
    const hash = hashText(instruction.instruction)
    yield { index, instruction, duplicate: seen.has(hash) }
    seen.add(hash)
    index += 1
  }
}

/**
 * Reads the file once from end to end, so that nothing is asked for a file that is broken later on.
 *
 * @throws what the readers of files throw, naming file and line
 */
export async function countTasks(options: SynthOptions): Promise<TaskCount> {
  const count = { total: 0, duplicates: 0, broken: 0, characters: 0 }
  const onBroken = () => {
    count.broken += 1
  }
  for await (const { instruction, duplicate } of readTasks(options, onBroken)) {
    count.total += 1
    count.characters += instruction.instruction.length
    if (duplicate) count.duplicates += 1
  }
  return count
}

/** 48 bits of a hash of the text with blanks evened out. */
function hashText(text: string): number {
  const digest = createHash('sha256').update(text.trim().replace(/\s+/g, ' ')).digest()
  return digest.readUIntBE(0, 6)
}
