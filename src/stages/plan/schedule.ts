/** Steps of the run and how they divide the data. */
export interface Schedule {
  steps: number
  stepsPerEpoch: number
  /** Micro-batches of one pass over all data. */
  microBatchesPerEpoch: number
  warmupSteps: number
}

/** Resolves how many steps there are; `maxSteps` takes precedence over `epochs`. */
export function resolveSchedule(
  microBatchesPerEpoch: number,
  options: {
    sequencesPerStep: number
    microBatchSize: number
    epochs: number
    maxSteps?: number | undefined
    warmupRatio: number
  },
): Schedule {
  const perStep = options.sequencesPerStep / options.microBatchSize
  const stepsPerEpoch = Math.ceil(microBatchesPerEpoch / perStep)
  const steps = options.maxSteps ?? Math.ceil(options.epochs * stepsPerEpoch)
  const warmupSteps = Math.ceil(options.warmupRatio * steps)
  return { steps, stepsPerEpoch, microBatchesPerEpoch, warmupSteps }
}

/**
 * The micro-batches of a step, as a range of the epoch's. Steps of an epoch differ by at most one
 * micro-batch, so that no sample is left out and none weighs much more than another.
 */
export function microBatchRange(
  { stepsPerEpoch, microBatchesPerEpoch }: Schedule,
  stepInEpoch: number,
): [start: number, end: number] {
  const bound = (index: number) => Math.floor((index * microBatchesPerEpoch) / stepsPerEpoch)
  return [bound(stepInEpoch), bound(stepInEpoch + 1)]
}

/** Linear from 0 over the warm-up, so the first step has rate 0, then half a cosine down to 0. */
export function learningRateAt(
  step: number,
  { steps, warmupSteps }: Pick<Schedule, 'steps' | 'warmupSteps'>,
  peak: number,
): number {
  if (step < warmupSteps) return (peak * step) / warmupSteps
  const progress = (step - warmupSteps) / Math.max(1, steps - warmupSteps)
  return peak * 0.5 * (1 + Math.cos(Math.PI * progress))
}

/** Share of the reflection that is hidden in a step: (step + 1) / steps, or a fixed one. */
export function maskRateAt(step: number, steps: number, fixed?: number): number {
  return fixed ?? Math.min((step + 1) / steps, 1)
}
