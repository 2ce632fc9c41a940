import { type BlockType, type Dialog, type Message, plainType } from './dialog.ts'

/** Whether a sample is trained by distillation (true) or by cross-entropy only (false). */
export function isReflection(dialog: Pick<Dialog, 'type'>): boolean {
  return dialog.type !== plainType
}

/** Index of the message that is the reflection. */
export const reflectionIndex = 1

/** Index of the message that asks for the answer anew, without the reflection. */
export const reanswerInstructionIndex = 2

/** The first instruction: for a reflection sample the one that the student never sees. */
export function getInstruction(dialog: Dialog): Message {
  return messageAt(dialog, 0)
}

/** The message with the reflection; only a reflection sample has one. */
export function getReflection(dialog: Dialog): Message | undefined {
  return isReflection(dialog) ? messageAt(dialog, reflectionIndex) : undefined
}

/** The instruction that the student answers: the last message of the user. */
export function getFinalInstruction(dialog: Dialog): Message {
  return messageAt(dialog, dialog.messages.length - 2)
}

/** The last answer, which alone carries labels for the student. */
export function getFinalAnswer(dialog: Dialog): Message {
  return messageAt(dialog, dialog.messages.length - 1)
}

/** The contents of a message's blocks, joined; of one type only when it is given. */
export function joinBlocks(message: Message, type?: BlockType): string {
  return message.content
    .filter((block) => type === undefined || block.type === type)
    .map((block) => block.content)
    .join('')
}

/** A plain sample of one question and one answer, each one text block; `extra` keys are kept. */
export function createPlainDialog(
  instruction: string,
  answer: string,
  extra: Readonly<Record<string, unknown>> = {},
): Dialog {
  return {
    ...extra,
    messages: [
      { role: 'user', content: [{ type: 'text', content: instruction }] },
      { role: 'assistant', content: [{ type: 'text', content: answer }] },
    ],
    type: plainType,
  }
}

function messageAt(dialog: Dialog, index: number): Message {
  const message = dialog.messages[index]
  if (message === undefined) throw new Error(`the dialog has no message ${index}`)
  return message
}
