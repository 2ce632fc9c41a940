import { type AnswerProblem, readAnswerProblems } from './answer-problems.ts'
import { leaveOutExtreme } from './extreme-inputs.ts'
import { checkKnownContent, type DataPlaces, findBenchmark } from './find-benchmark.ts'
import { type Problem, parseProblems } from './problems.ts'
import { hashOf, jsonLines, readTextFile } from './text-lines.ts'
import type { TranslatedLanguage } from './translated-language.ts'
import { readTranslatedProblems, type TranslatedProblem } from './translated-problems.ts'

interface BenchmarkFile {
  path: string
  /** MD5 of the un-gzipped file, as EvalPlus names data sets. */
  hash: string
}

/** Problems of any kind, with what is needed to judge programs for them. */
export type Benchmark =
  | (BenchmarkFile & { kind: 'functions'; problems: Problem[] })
  | (BenchmarkFile & {
      kind: 'translated'
      language: TranslatedLanguage
      problems: TranslatedProblem[]
    })
  | (BenchmarkFile & { kind: 'answers'; problems: AnswerProblem[] })

/**
 * Reads the problems of a benchmark known by name, whose content is checked, or of a file (JSONL,
 * `.gz` too) in the format of EvalPlus, MultiPL-E or GSM8K.
 *
 * @throws InputError naming file, line and field.
 */
export async function readBenchmark(
  nameOrPath: string,
  places: DataPlaces = {},
): Promise<Benchmark> {
  const found = await findBenchmark(nameOrPath, places)
  const { path } = found
  const file = await readTextFile(path)
  checkKnownContent(found, file)
  const isKnown = found.file !== undefined
  if (places.extreme !== false) return parseKind(path, file.text, file.md5, isKnown)
  const text = withoutExtreme(path, file.text)
  return parseKind(path, text, hashOf(text, 'md5'), isKnown)
}

/** Parses problems of any kind; `path` is how messages call the text. */
export function parseBenchmark(path: string, text: string): Benchmark {
  return parseKind(path, text, hashOf(text, 'md5'), false)
}

function parseKind(path: string, text: string, hash: string, isKnown: boolean): Benchmark {
  switch (kindOf(path, text)) {
    case 'translated':
      return { kind: 'translated', path, hash, ...readTranslatedProblems(path, text) }
    case 'answers':
      return { kind: 'answers', path, hash, problems: readAnswerProblems(path, text) }
    default:
      return { kind: 'functions', path, hash, problems: parseProblems(path, text, isKnown) }
  }
}

/** The kind of problems, told by the fields of the first record. */
function kindOf(path: string, text: string): Benchmark['kind'] {
  for (const { record } of jsonLines(path, text)) {
    if ('tests' in record && 'language' in record) return 'translated'
    return 'question' in record && 'answer' in record ? 'answers' : 'functions'
  }
  return 'functions'
}

function withoutExtreme(path: string, text: string): string {
  const lines = text.split('\n')
  for (const { line, record } of jsonLines(path, text)) {
    const index = line - 1
    lines[index] = leaveOutExtreme(lines[index] as string, String(record.task_id))
  }
  return lines.join('\n')
}
