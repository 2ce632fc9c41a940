export {
  type BenchmarkName,
  benchmarkFiles,
  isBenchmarkName,
  resolveProblemFile,
} from './benchmark-names.ts'
export { oneOffInstruction } from './one-off-instruction.ts'
export { type Dataset, type Problem, type ProblemFile, readProblems } from './problems.ts'
export { type ReadSamplesOptions, readSamples, type Sample, type SampleSet } from './samples.ts'
