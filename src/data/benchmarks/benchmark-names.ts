import { languagesOfRecords } from './translated-language.ts'

/** What kind of programs a benchmark asks for, and so how they are judged. */
export type BenchmarkKind = 'functions' | 'translated' | 'answers'

/**
 * Languages of MultiPL-E that can be judged here, by the name that its files have: C# comes in two
 * translations.
 */
export const translatedLanguages = languagesOfRecords.flatMap((language) =>
  language === 'cs' ? (['cs', 'cs-bu'] as const) : [language],
)

/** Benchmarks known by name, and their files in a data folder. */
export const benchmarkFiles: Readonly<Record<string, string>> = {
  humaneval: 'HumanEvalPlus.jsonl.gz',
  'humaneval-mini': 'HumanEvalPlus-Mini.jsonl.gz',
  mbpp: 'MbppPlus.jsonl.gz',
  gsm8k: 'gsm8k-test-400.jsonl.gz',
  ...Object.fromEntries(
    translatedLanguages.map((language) => [
      `multipl-e-${language}`,
      `multipl-e/humaneval-${language}.jsonl.gz`,
    ]),
  ),
}

/** Whether a text is the name of a benchmark with a file, not a path. */
export function isBenchmarkName(text: string): boolean {
  return Object.hasOwn(benchmarkFiles, text)
}

/** Files that a benchmark needs beside its problems, by name in a data folder. */
export function companionFiles(benchmark: string): string[] {
  return benchmark === 'multipl-e-java' ? [javaTuples] : []
}

/** Library of the Java problems that use tuples. */
export const javaTuples = 'multipl-e/javatuples-1.2.jar'
