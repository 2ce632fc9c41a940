import { type Dialog, type DialogSegment, renderDialog } from '../../data/dialog/index.ts'

/** What planning needs of a tokenizer. */
export interface Encoder {
  readonly bosId: number | undefined
  readonly eosId: number
  encodeSegments(segments: readonly DialogSegment[]): number[]
}

/** Token ids of a sample: BOS if the tokenizer has one, the template, EOS. */
export function encodeDialog(dialog: Pick<Dialog, 'messages'>, encoder: Encoder): number[] {
  const ids = encoder.encodeSegments(renderDialog(dialog))
  return [...(encoder.bosId === undefined ? [] : [encoder.bosId]), ...ids, encoder.eosId]
}
