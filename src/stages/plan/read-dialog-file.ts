import { InterruptedError } from '../../core/index.ts'
import {
  convertToDialog,
  readDialogs,
  readInstructions,
  readRecords,
} from '../../data/datasets/index.ts'
import { type Dialog, findSpecialTokens } from '../../data/dialog/index.ts'

export interface DialogOfFile {
  line: number
  /** Undefined for an instruction that came without an answer. */
  dialog: Dialog | undefined
}

/**
 * Reads a file of dialogs, or of plain instruction data, which is converted; the first record
 * decides which of the two the whole file is.
 */
export async function* readDialogFile(
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<DialogOfFile> {
  const read = (await holdsInstructions(path)) ? readConverted(path) : readDialogs(path)
  for await (const record of read) {
    if (signal?.aborted) throw new InterruptedError()
    yield record
  }
}

/** Whether content of a dialog spells one of the seven tokens. */
export function spellsToken({ messages }: Dialog): boolean {
  return messages.some(({ content }) =>
    content.some((block) => findSpecialTokens(block.content).length > 0),
  )
}

async function* readConverted(path: string): AsyncGenerator<DialogOfFile> {
  let line = 0
  for await (const instruction of readInstructions(path)) {
    line += 1
    yield { line, dialog: convertToDialog(instruction) }
  }
}

async function holdsInstructions(path: string): Promise<boolean> {
  if (/\.txt(\.gz|\.zstd?)?$/i.test(path)) return true
  for await (const { value } of readRecords(path)) {
    if (typeof value !== 'object' || value === null) return false
    const { messages } = value as { messages?: unknown }
    if (!Array.isArray(messages)) return instructionKeys.some((key) => key in value)
    const [first] = messages
    return typeof first?.content === 'string' || typeof first?.content?.[0]?.text === 'string'
  }
  return false
}

const instructionKeys = ['query', 'instruction', 'conversations']
