import { InputError } from '../../../core/index.ts'
import { readRecords } from '../../../data/datasets/index.ts'
import type { Reply, Transport } from './reply.ts'

/** One line of a recording: the reply to one call of one instruction. */
export interface RecordedReply {
  readonly id: string
  /** From 0. */
  readonly call: number
  readonly reply: Reply
}

/**
 * Replays a file that `record` wrote: whatever is asked, the same replies in the same order.
 *
 * @throws `RC_BAD_RECORDING` naming file and line; `RC_NOT_RECORDED` when a call is not in it
 */
export async function recordedTransport(file: string): Promise<Transport> {
  const replies = new Map<string, Reply>()
  for await (const { line, value } of readRecords(file)) {
    const record = value as Partial<RecordedReply> | null
    if (typeof record?.id !== 'string' || typeof record.reply?.text !== 'string') {
      throw new InputError(`${file}, line ${line}: expected "id", "call" and "reply"`, {
        code: 'RC_BAD_RECORDING',
        hint: 'A recording is what `synth --record FILE` writes.',
      })
    }
    replies.set(`${record.call ?? 0} ${record.id}`, record.reply)
  }
  return {
    identity: { kind: 'recorded', file },
    async send(_, { id, call }) {
      const reply = replies.get(`${call} ${id}`)
      if (reply !== undefined) return reply
      throw new InputError(`${file} holds no reply ${call} for the instruction ${id}`, {
        code: 'RC_NOT_RECORDED',
        hint: 'Give the instructions and options of the run that was recorded.',
      })
    },
  }
}
