/** What a block holds: prose, a program to run, or what running it printed. */
export type BlockType = 'text' | 'code' | 'execution'

export type Role = 'user' | 'assistant'

export interface Block {
  type: BlockType
  content: string
}

export interface Message {
  role: Role
  content: Block[]
}

/**
 * One training record. `type` is `generation` for a plain sample and anything else for a reflection
 * sample, whose first four messages are the reflection instruction, the reflection, the re-answer
 * instruction and an answer; the last message is the final answer. Other keys are kept.
 */
export interface Dialog {
  messages: Message[]
  type: string
  [extra: string]: unknown
}

export const blockTypes = ['text', 'code', 'execution'] as const satisfies readonly BlockType[]

export const roles = ['user', 'assistant'] as const satisfies readonly Role[]

/** The `type` of a sample without a reflection, trained by cross-entropy only. */
export const plainType = 'generation'
