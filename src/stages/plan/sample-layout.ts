import {
  type BlockType,
  blockTokens,
  blockTypes,
  type Role,
  roles,
  roleTokens,
  type SpecialToken,
} from '../../data/dialog/index.ts'

/** Where the messages and blocks of a tokenised sample lie. */
export interface SampleLayout {
  /** Number of tokens, BOS and EOS included. */
  length: number
  messages: MessageLayout[]
}

/** From the role token up to and including `<|endofmessage|>`. */
export interface MessageLayout {
  role: Role
  start: number
  end: number
  blocks: BlockLayout[]
}

/** From the type token up to and including `<|endofblock|>`. */
export interface BlockLayout {
  type: BlockType
  start: number
  end: number
}

export type SpecialIds = Readonly<Record<SpecialToken, number>>

/** Reads the structure of a sample from its special tokens. */
export function readLayout(ids: ArrayLike<number>, specialIds: SpecialIds): SampleLayout {
  const roleOf = new Map(roles.map((role) => [specialIds[roleTokens[role]], role]))
  const typeOf = new Map(blockTypes.map((type) => [specialIds[blockTokens[type]], type]))
  const messages: MessageLayout[] = []
  for (let position = 0; position < ids.length; position++) {
    const id = ids[position]!
    const message = messages.at(-1)
    const role = roleOf.get(id)
    const type = typeOf.get(id)
    if (role !== undefined) messages.push({ role, start: position, end: position, blocks: [] })
    else if (type !== undefined) message?.blocks.push({ type, start: position, end: position })
    else if (id === specialIds['<|endofmessage|>']) message!.end = position + 1
    else if (id === specialIds['<|endofblock|>']) message!.blocks.at(-1)!.end = position + 1
  }
  return { length: ids.length, messages }
}

/** The first assistant message, which the student sees in part. */
export function reflectionOf(layout: SampleLayout): MessageLayout {
  return layout.messages.find(({ role }) => role === 'assistant')!
}

/** The last assistant message, which the student learns. */
export function finalAnswerOf(layout: SampleLayout): MessageLayout {
  return layout.messages.findLast(({ role }) => role === 'assistant')!
}
