import type { BlockType, Role } from './dialog.ts'

/** The tokens that mark up a dialog, in the order in which a tokenizer gives them new ids. */
export const specialTokens = [
  '<|user|>',
  '<|assistant|>',
  '<|text|>',
  '<|code|>',
  '<|execution|>',
  '<|endofblock|>',
  '<|endofmessage|>',
] as const

export type SpecialToken = (typeof specialTokens)[number]

/** A piece of a rendered dialog: a token, or text that must never be read as one. */
export type DialogSegment = { special: SpecialToken } | { text: string }

/** The token that opens a message of each role. */
export const roleTokens = {
  user: '<|user|>',
  assistant: '<|assistant|>',
} as const satisfies Record<Role, SpecialToken>

/** The token that opens a block of each type. */
export const blockTokens = {
  text: '<|text|>',
  code: '<|code|>',
  execution: '<|execution|>',
} as const satisfies Record<BlockType, SpecialToken>

/** Which of the seven token strings stand literally in a text, in their own order. */
export function findSpecialTokens(text: string): SpecialToken[] {
  return specialTokens.filter((token) => text.includes(token))
}
