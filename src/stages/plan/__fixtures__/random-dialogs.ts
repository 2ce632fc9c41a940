import fc from 'fast-check'
import type { Block, Dialog, Message, Role } from '../../../data/dialog/index.ts'

const block: fc.Arbitrary<Block> = fc.record({
  type: fc.constantFrom('text', 'code', 'execution'),
  content: fc.string({ maxLength: 9 }),
})

const message = (role: Role): fc.Arbitrary<Message> =>
  fc.record({ role: fc.constant(role), content: fc.array(block, { minLength: 1, maxLength: 6 }) })

const turns = (minLength: number): fc.Arbitrary<Message[]> =>
  fc
    .array(fc.tuple(message('user'), message('assistant')), { minLength, maxLength: 4 })
    .map((pairs) => pairs.flat())

/** Dialogs with a reflection, of two to four turns and any blocks anywhere. */
export const reflectionDialogs: fc.Arbitrary<Dialog> = turns(2).map((messages) => ({
  messages,
  type: 'reflection',
}))

/** Plain dialogs of one to four turns. */
export const plainDialogs: fc.Arbitrary<Dialog> = turns(1).map((messages) => ({
  messages,
  type: 'generation',
}))
