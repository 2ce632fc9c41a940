import { createRandom } from '../src/core/index.ts'
import { type CaseFile, ids, type Sample } from '../test/parity/cases.ts'

/** Steps of four reflection samples and four plain ones, with the lengths of real samples. */
export function benchmarkCases(steps: number, vocabulary: number): CaseFile {
  const random = createRandom(3407, 'bench')
  const special = ids.specialTokens
  const block = (type: 'text' | 'code' | 'execution', length: number) => [
    special[`<|${type}|>`],
    ...Array.from(
      { length: Math.round(length * (0.7 + 0.6 * random.float())) },
      () => 9 + random.integer(vocabulary - 9),
    ),
    special['<|endofblock|>'],
  ]
  const message = (role: 'user' | 'assistant', blocks: number[][]) => [
    special[`<|${role}|>`],
    ...blocks.flat(),
    special['<|endofmessage|>'],
  ]
  const rounds = () =>
    [0, 1].flatMap(() => [block('text', 60), block('code', 140), block('execution', 40)])
  const reflection = (rate: number): Sample => ({
    tokens: [
      ids.bosId,
      ...message('user', [block('text', 140)]),
      ...message('assistant', [...rounds(), block('text', 60)]),
      ...message('user', [block('text', 120)]),
      ...message('assistant', [block('text', 160)]),
      ids.eosId,
    ],
    type: 'reflection',
    strategy: 'block-type',
    rate,
  })
  const plain = (): Sample => ({
    tokens: [
      ids.bosId,
      ...message('user', [block('text', 120)]),
      ...message('assistant', [block('text', 160)]),
      ids.eosId,
    ],
    type: 'generation',
  })
  const cases = Array.from({ length: steps }, (_, step) => {
    const rate = (step + 1) / steps
    const four = (create: () => Sample) => Array.from({ length: 4 }, create)
    return {
      name: `step-${step}`,
      microBatches: [four(() => reflection(rate)), four(plain)],
    }
  })
  return { ...ids, cases }
}
