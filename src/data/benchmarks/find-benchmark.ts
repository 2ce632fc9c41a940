import { join } from 'node:path'
import { InputError, nearestName, pathExists } from '../../core/index.ts'
import { benchmarkFiles, isBenchmarkName } from './benchmark-names.ts'
import { dataFiles } from './data-files.ts'
import type { TextFile } from './text-lines.ts'

/** Which of EvalPlus's files of a benchmark is meant. */
export interface BenchmarkVariant {
  /** HumanEval+ with few extra inputs that find the same faults. Default false. */
  mini?: boolean
  /** False leaves out the slow and huge extra inputs. Default true. */
  extreme?: boolean
}

/** Where to look for the files of benchmarks. */
export interface DataPlaces extends BenchmarkVariant {
  /** One folder, or several that are searched in order. */
  data?: string | readonly string[]
}

/** A file of problems, with the name under which it is known. */
export interface FoundBenchmark {
  path: string
  /** Its name in a data folder; undefined for a file of the user's own. */
  file: string | undefined
}

/**
 * The problem file meant by a benchmark name or a path.
 *
 * @throws InputError `RC_NO_DATA_FOLDER`, `RC_BENCHMARK_NOT_FOUND`, `RC_UNKNOWN_BENCHMARK`,
 * `RC_BAD_VARIANT`.
 */
export async function findBenchmark(
  nameOrPath: string,
  places: DataPlaces,
): Promise<FoundBenchmark> {
  checkVariant(nameOrPath, places)
  const name = nameOrPath === 'humaneval' && places.mini ? 'humaneval-mini' : nameOrPath
  if (isBenchmarkName(name)) {
    const file = benchmarkFiles[name] as string
    return { path: await findDataFile(file, places.data, `benchmark ${name}`), file }
  }
  if (/[/\\.]/.test(name) || (await pathExists(name))) return { path: name, file: undefined }
  const known = [...Object.keys(benchmarkFiles), 'katas']
  throw new InputError(`expected a benchmark or a problem file, got ${name}`, {
    code: 'RC_UNKNOWN_BENCHMARK',
    hint: `The nearest name is ${nearestName(name, known)}; known are ${shorten(known)}.`,
  })
}

/**
 * A file of a data folder.
 *
 * @throws InputError `RC_NO_DATA_FOLDER`, `RC_BENCHMARK_NOT_FOUND`.
 */
export async function findDataFile(
  file: string,
  data: string | readonly string[] | undefined,
  purpose: string,
): Promise<string> {
  const folders = data === undefined ? [] : typeof data === 'string' ? [data] : data
  if (folders.length === 0) {
    throw new InputError(`${purpose} needs a data folder`, {
      code: 'RC_NO_DATA_FOLDER',
      hint: `Give --data FOLDER, the folder that holds ${file}.`,
    })
  }
  for (const folder of folders) {
    const path = join(folder, file)
    if (await pathExists(path)) return path
  }
  throw new InputError(`${purpose}: there is no ${file} in ${folders.join(' or ')}`, {
    code: 'RC_BENCHMARK_NOT_FOUND',
    hint: 'Download it with reflectioncoder data fetch, or give --data FOLDER, the folder that holds it.',
  })
}

/** Refuses a file of a benchmark whose content is not the known one. @throws `RC_BENCHMARK_CHANGED` */
export function checkKnownContent(found: FoundBenchmark, { sha256 }: TextFile): void {
  if (found.file === undefined) return
  const expected = dataFiles[found.file]?.sha256
  if (sha256 === expected) return
  throw new InputError(
    `${found.path} is not the known file: expected content with sha256 ${expected}, got ${sha256}`,
    {
      code: 'RC_BENCHMARK_CHANGED',
      hint: `Download it again with reflectioncoder data fetch, or judge by this file with --benchmark ${found.path}.`,
    },
  )
}

function checkVariant(name: string, { mini, extreme }: BenchmarkVariant): void {
  const fault = (what: string) => new InputError(what, { code: 'RC_BAD_VARIANT', hint })
  const hint = 'Mini is of humaneval; no-extreme is of humaneval and mbpp; not both.'
  if (mini && extreme === false) throw fault('mini and no-extreme exclude each other')
  if (mini && name !== 'humaneval') throw fault(`there is no mini version of ${name}`)
  if (extreme === false && name !== 'humaneval' && name !== 'mbpp') {
    throw fault(`there is no version of ${name} without extreme inputs`)
  }
}

function shorten(names: readonly string[]): string {
  return [...names.filter((name) => !name.startsWith('multipl-e-')), 'multipl-e-LANGUAGE'].join(
    ', ',
  )
}
