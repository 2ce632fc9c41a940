import type { Span } from './format.ts'

/** The runs of non-zero flags. */
export function spansOf(flags: Uint8Array): Span[] {
  const spans: Span[] = []
  for (let start = flags.indexOf(1); start >= 0; ) {
    const zero = flags.indexOf(0, start)
    const end = zero < 0 ? flags.length : zero
    spans.push([start, end])
    start = flags.indexOf(1, end)
  }
  return spans
}

/** Number of positions in spans that do not overlap. */
export function countPositions(spans: readonly Readonly<Span>[]): number {
  return spans.reduce((sum, [start, end]) => sum + end - start, 0)
}
