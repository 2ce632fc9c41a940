import type { Span } from './format.ts'
import { finalAnswerOf, type SampleLayout } from './sample-layout.ts'
import { spansOf } from './spans.ts'

/**
 * Targets of the teacher and of plain samples: assistant messages without their execution blocks,
 * and EOS. The first token of a sample is no target, nothing stands before it.
 */
export function teacherLabels({ length, messages }: SampleLayout): Span[] {
  const flags = new Uint8Array(length)
  for (const message of messages) {
    if (message.role === 'user') continue
    flags.fill(1, message.start, message.end)
    for (const { type, start, end } of message.blocks) {
      if (type === 'execution') flags.fill(0, start, end)
    }
  }
  flags[length - 1] = 1
  flags[0] = 0
  return spansOf(flags)
}

/** Targets of the student: the last answer from `<|assistant|>` on, EOS not. */
export function studentLabels(layout: SampleLayout): Span[] {
  return [[finalAnswerOf(layout).start, layout.length - 1]]
}

/** Positions whose logits are distilled: they predict the last answer's first block token to EOS. */
export function distillSpan(layout: SampleLayout): Span {
  return [finalAnswerOf(layout).start, layout.length - 1]
}
