import { createPlainDialog, type Dialog, plainType } from '../dialog/index.ts'
import type { Instruction } from './instruction.ts'

/**
 * A plain dialog of an instruction and its answer, all turns of a longer chat included; `undefined`
 * when there is no answer to learn from. The id and extra keys are kept; tests are not.
 */
export function convertToDialog(record: Instruction): Dialog | undefined {
  const { id, instruction, answer, turns, extra } = record
  if (answer === undefined || answer.trim() === '') return undefined
  const kept = { id, ...extra }
  if (turns === undefined) return createPlainDialog(instruction, answer, kept)
  return {
    ...kept,
    messages: turns.map(({ role, text }) => ({ role, content: [{ type: 'text', content: text }] })),
    type: plainType,
  }
}
