import type { MicroBatch, Plan } from '../../../plan/index.ts'
import type { ValidationMetrics } from '../../engine.ts'
import { describeSums } from './describe-sums.ts'
import type { ForwardObjective } from './forward-objective.ts'
import { explainNotFinite } from './loss-not-finite.ts'
import { addSums, emptySums } from './objective-sums.ts'
import { packStep } from './pack-step.ts'

/** Held-out samples that are laid out at a time. */
const samplesAtOnce = 32

/**
 * Measures the objective of the held-out samples of a plan.
 *
 * @throws `RC_LOSS_NOT_FINITE` naming the sample
 */
export async function validate(
  plan: Plan,
  objective: ForwardObjective,
  tokensPerRun: number,
): Promise<ValidationMetrics> {
  const started = performance.now()
  const total = emptySums()
  let tokens = 0
  for await (const microBatches of groupsOf(plan.validation(), samplesAtOnce)) {
    for (const pack of packStep(microBatches, plan.sampleTokens, tokensPerRun)) {
      addSums(total, await objective.measure([pack]))
      tokens += pack.tokens.length
    }
    if (Number.isFinite(total.loss)) continue
    const givesFinite = async (microBatch: MicroBatch) => {
      const packs = packStep([microBatch], plan.sampleTokens, tokensPerRun)
      return Number.isFinite((await objective.measure(packs)).loss)
    }
    throw await explainNotFinite(plan, microBatches, givesFinite, {
      what: `the loss of the held-out samples is ${total.loss}`,
    })
  }
  return { ...describeSums(total), tokens, seconds: (performance.now() - started) / 1000 }
}

async function* groupsOf<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let group: T[] = []
  for await (const item of items) {
    group.push(item)
    if (group.length < size) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}
