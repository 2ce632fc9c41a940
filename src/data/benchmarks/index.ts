export { type AnswerProblem, taskIdOf } from './answer-problems.ts'
export {
  benchmarkFiles,
  companionFiles,
  isBenchmarkName,
  javaTuples,
  translatedLanguages,
} from './benchmark-names.ts'
export { type DataFile, dataFiles } from './data-files.ts'
export { type FetchDataOptions, type FetchedFile, fetchDataFile } from './fetch-data-file.ts'
export { type BenchmarkVariant, type DataPlaces, findDataFile } from './find-benchmark.ts'
export { oneOffInstruction } from './one-off-instruction.ts'
export type { Dataset, Problem, ProblemFile } from './problems.ts'
export { parsePythonJson } from './python-json.ts'
export { type Benchmark, parseBenchmark, readBenchmark } from './read-benchmark.ts'
export { readProblems } from './read-problems.ts'
export { type ReadSamplesOptions, readSamples, type Sample, type SampleSet } from './samples.ts'
export { type TranslatedLanguage, translatedLanguage } from './translated-language.ts'
export type { TranslatedProblem } from './translated-problems.ts'
