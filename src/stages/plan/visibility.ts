import type { Span } from './format.ts'
import type { MaskStrategy } from './options.ts'
import { reflectionOf, type SampleLayout } from './sample-layout.ts'
import { spansOf } from './spans.ts'
import { hideReflection, type MaskSettings } from './strategies.ts'

/**
 * What the student sees: not BOS, the reflection instruction, the reflection's role token and its
 * `<|endofmessage|>`; of the reflection what the strategy leaves; all that follows. With `none` the
 * student sees everything.
 */
export function studentSpans(
  layout: SampleLayout,
  strategy: MaskStrategy,
  settings: MaskSettings,
): Span[] {
  if (strategy === 'none') return [[0, layout.length]]
  const reflection = reflectionOf(layout)
  const visible = new Uint8Array(layout.length)
  const hidden = hideReflection(strategy, reflection, settings)
  visible.set(
    hidden.map((flag) => 1 - flag),
    reflection.start + 1,
  )
  visible.fill(1, reflection.end)
  return spansOf(visible)
}
