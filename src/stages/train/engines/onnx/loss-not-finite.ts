import { ReflectionCoderError } from '../../../../core/index.ts'
import { formatOrigin, type MicroBatch, type Plan, type PlannedRow } from '../../../plan/index.ts'

/** Samples that are named at most; the search ends when so many are found. */
const namedSamples = 4

/**
 * The error for a loss or a gradient that is not finite. Each sample is computed once more, alone,
 * to find those at fault.
 *
 * @param givesFinite whether a micro-batch of one sample gives finite numbers
 * @param what the fault, as the message begins
 */
export async function explainNotFinite(
  plan: Plan,
  microBatches: readonly MicroBatch[],
  givesFinite: (microBatch: MicroBatch) => Promise<boolean>,
  { what }: { what: string },
): Promise<ReflectionCoderError> {
  const faulty: number[] = []
  let computed = 0
  for (const { sample, microBatch } of microBatches.flatMap(splitSamples)) {
    computed += 1
    if (!(await givesFinite(microBatch))) faulty.push(sample)
    if (faulty.length === namedSamples) break
  }
  const everyOne = faulty.length === computed
  const shown = faulty.length > 0 ? faulty : samplesOf(microBatches).slice(0, namedSamples)
  const names = await nameSamples(plan, shown)
  const message =
    faulty.length > 0
      ? `${what}; at fault: ${names}`
      : `${what}, though no sample alone gives such a number; among them: ${names}`
  return new ReflectionCoderError(message, {
    code: 'RC_LOSS_NOT_FINITE',
    hint:
      everyOne && computed > 1
        ? 'Every sample that was computed is at fault, so the weights have run away: lower --learning-rate in the plan and train anew.'
        : 'Look at it with `data inspect`; leave it out of the data and make the plan anew, or lower --learning-rate there. No weight was changed by it; the checkpoints before it are good.',
  })
}

async function nameSamples(plan: Plan, samples: readonly number[]): Promise<string> {
  const origins = await plan.origins(samples)
  return origins.map((origin) => `sample ${formatOrigin(origin)}`).join(', ')
}

/** The samples of a micro-batch, each as one of its own. */
function splitSamples(microBatch: MicroBatch): { sample: number; microBatch: MicroBatch }[] {
  return samplesOf([microBatch]).map((sample) => {
    const rows = microBatch.rows.filter((row: PlannedRow) => row.sample === sample)
    return { sample, microBatch: { ...microBatch, rows } }
  })
}

function samplesOf(microBatches: readonly MicroBatch[]): number[] {
  return [...new Set(microBatches.flatMap(({ rows }) => rows.map(({ sample }) => sample)))]
}
