import { InputError } from '../../core/index.ts'
import { type Benchmark, parseBenchmark, readBenchmark } from '../../data/benchmarks/index.ts'
import type { EvalOptions } from './options.ts'

/** Options that say which problems are meant. */
export type BenchmarkChoice = Pick<
  EvalOptions,
  'benchmark' | 'problems' | 'data' | 'mini' | 'extreme'
>

/** Problems by name or file. @throws InputError `RC_MISSING_OPTION`, and what reading them throws. */
export async function openBenchmark(
  choice: BenchmarkChoice,
  dataFolders: readonly string[] = [],
): Promise<Benchmark> {
  const nameOrPath = benchmarkName(choice)
  const { mini, extreme } = choice
  if (nameOrPath === 'katas') return parseBenchmark('katas', await renderKatas())
  return readBenchmark(nameOrPath, { data: choice.data ?? dataFolders, mini, extreme })
}

/** The name or path that was given, under either option. */
export function benchmarkName({ benchmark, problems }: BenchmarkChoice): string {
  const given = benchmark ?? problems
  if (given !== undefined && (benchmark === undefined || problems === undefined)) return given
  throw new InputError(
    given === undefined
      ? 'the option --benchmark is required'
      : 'the options --benchmark and --problems mean the same',
    {
      code: given === undefined ? 'RC_MISSING_OPTION' : 'RC_BAD_OPTION',
      hint: 'Give --benchmark humaneval, mbpp, multipl-e-LANGUAGE, gsm8k, katas or a problem file.',
    },
  )
}

/** The test katas that `data katas --split test` writes with its defaults. */
async function renderKatas(): Promise<string> {
  const { generateKatas, renderProblem } = await import('../../data/katas/index.ts')
  return generateKatas({ split: 'test', count: 500, seed: 3407 })
    .map((kata) => `${renderProblem(kata)}\n`)
    .join('')
}
