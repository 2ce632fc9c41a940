import type { DialogSegment } from '../../../../data/dialog/index.ts'

/** Puts a blank into what spells a special token inside text, so that a server makes no token of it. */
export function escapeText(segment: DialogSegment): DialogSegment {
  if ('special' in segment) return segment
  return {
    text: segment.text.replace(
      /<\|(user|assistant|text|code|execution|endofblock|endofmessage)\|>/g,
      '<| $1|>',
    ),
  }
}
