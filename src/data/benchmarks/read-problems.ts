import { InputError } from '../../core/index.ts'
import type { DataPlaces } from './find-benchmark.ts'
import type { ProblemFile } from './problems.ts'
import { readBenchmark } from './read-benchmark.ts'

/**
 * Reads problems in EvalPlus's format from a JSONL file (`.gz` too), or by benchmark name from a
 * data folder.
 *
 * @throws InputError naming file, line and field; `RC_WRONG_KIND` for problems of another kind.
 */
export async function readProblems(
  nameOrPath: string,
  places: DataPlaces = {},
): Promise<ProblemFile> {
  const benchmark = await readBenchmark(nameOrPath, places)
  if (benchmark.kind === 'functions') return benchmark
  throw new InputError(`${benchmark.path} does not hold Python functions to complete`, {
    code: 'RC_WRONG_KIND',
    hint: 'Give problems in the format of EvalPlus, such as humaneval or mbpp.',
  })
}
