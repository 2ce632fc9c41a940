import type { SynthOptions } from '../options.ts'

/** Instructions of the scripted teacher in work at one time. */
const scriptedConcurrency = 2
const otherConcurrency = 16

/** The kind of a teacher, and the model or file behind the colon. */
export function splitTeacher(spec: string): { kind: string; name: string } {
  const colon = spec.indexOf(':')
  return colon < 0
    ? { kind: spec, name: '' }
    : { kind: spec.slice(0, colon), name: spec.slice(colon + 1) }
}

export function resolveConcurrency({ teacher, concurrency }: SynthOptions): number {
  return concurrency ?? (teacher === 'scripted' ? scriptedConcurrency : otherConcurrency)
}
