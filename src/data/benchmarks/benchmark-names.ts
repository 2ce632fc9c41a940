import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '../../core/index.ts'

/** Benchmarks known by name, and their files in a data folder. */
export const benchmarkFiles = {
  humaneval: 'HumanEvalPlus.jsonl.gz',
  'humaneval-mini': 'HumanEvalPlus-Mini.jsonl.gz',
  mbpp: 'MbppPlus.jsonl.gz',
} as const

export type BenchmarkName = keyof typeof benchmarkFiles

/** Whether a text is the name of a benchmark and not a path. */
export function isBenchmarkName(text: string): text is BenchmarkName {
  return Object.hasOwn(benchmarkFiles, text)
}

/**
 * The problem file meant by a benchmark name or a path.
 *
 * @throws InputError `RC_NO_DATA_FOLDER`, `RC_BENCHMARK_NOT_FOUND`, `RC_UNKNOWN_BENCHMARK`.
 */
export async function resolveProblemFile(
  nameOrPath: string,
  dataFolder: string | undefined,
): Promise<string> {
  if (isBenchmarkName(nameOrPath)) return resolveName(nameOrPath, dataFolder)
  if (/[/\\.]/.test(nameOrPath) || (await exists(nameOrPath))) return nameOrPath
  throw new InputError(
    `expected a problem file or one of ${Object.keys(benchmarkFiles).join(', ')}, got ${nameOrPath}`,
    { code: 'RC_UNKNOWN_BENCHMARK' },
  )
}

async function resolveName(name: BenchmarkName, dataFolder: string | undefined): Promise<string> {
  if (dataFolder === undefined) {
    throw new InputError(`benchmark ${name} needs a data folder`, {
      code: 'RC_NO_DATA_FOLDER',
      hint: `Give --data FOLDER, the folder that holds ${benchmarkFiles[name]}.`,
    })
  }
  const path = join(dataFolder, benchmarkFiles[name])
  if (await exists(path)) return path
  throw new InputError(`benchmark ${name}: there is no ${benchmarkFiles[name]} in ${dataFolder}`, {
    code: 'RC_BENCHMARK_NOT_FOUND',
    hint: 'Give --data FOLDER, the folder that holds the file.',
  })
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
