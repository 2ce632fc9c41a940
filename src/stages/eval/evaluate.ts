import { createHash } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import {
  lockFolder,
  type Progress,
  parseOptions,
  pathExists,
  refuseExistingOutput,
  silentProgress,
  writeFileAtomic,
} from '../../core/index.ts'
import {
  type Benchmark,
  findDataFile,
  javaTuples,
  type ReadSamplesOptions,
  readSamples,
  type Sample,
  type SampleSet,
  taskIdOf,
} from '../../data/benchmarks/index.ts'
import { type StartingSandbox, startSandbox } from '../../sandbox/index.ts'
import { cutCompletion } from './cut-completion.ts'
import { type Journal, openJournal, verdictKey } from './journal.ts'
import { judgeBenchmark } from './judge-benchmark.ts'
import type { JudgeContext } from './judge-context.ts'
import {
  countPrograms,
  groupPrograms,
  type JudgedTask,
  type OnVerdict,
  selectPrograms,
} from './judged-task.ts'
import { benchmarkName, openBenchmark } from './open-benchmark.ts'
import { type EvalOptions, evalOptionsSchema } from './options.ts'
import { renderResultFile } from './result-file.ts'
import { judgeFolder, readJudgeSource } from './run-judge.ts'
import { type EvaluationSummary, summariseVerdicts } from './summary.ts'
import { isFault, type ProgramVerdict, type SampleVerdict } from './verdicts.ts'

export interface EvaluationContext {
  progress?: Progress
  /** Ends the evaluation after the programs in progress; `resume` goes on. */
  signal?: AbortSignal
  /** Where files of benchmarks are looked for when `data` is not given. */
  dataFolders?: readonly string[]
  /** Where what references returned is kept from one evaluation to the next; default nowhere. */
  cacheFolder?: string
  /** The benchmark that the options name, for callers that need it too; default: opened here. */
  benchmark?: Promise<Benchmark>
}

/** Files of an evaluation in its output folder. */
export const evaluationFiles = {
  /** EvalPlus's format. */
  results: 'eval_results.json',
  /** One `SampleVerdict` a line, in the order of the problems. */
  verdicts: 'verdicts.jsonl',
  /** An `EvaluationSummary`. */
  summary: 'summary.json',
  /** Verdicts of an evaluation that has not ended. */
  journal: 'verdicts.partial.jsonl',
} as const

/**
 * Judges samples as EvalPlus does, each program in the sandbox, and writes the results to a folder.
 *
 * @throws InputError for problems, samples or references that cannot be used, before anything runs
 * where that can be seen; MissingDependencyError without bubblewrap or Python.
 */
export async function evaluate(
  input: unknown,
  context: EvaluationContext = {},
): Promise<EvaluationSummary> {
  const options = parseOptions(evalOptionsSchema, input)
  // Starts while problems and samples are read, whose faults are told first.
  const sandbox = openSandbox(options, context.dataFolders)
  sandbox.catch(() => {})
  try {
    const benchmark = await (context.benchmark ?? openBenchmark(options, context.dataFolders))
    const sampleSet = await readSamples(options.samples, benchmark.problems, {
      allowPartial: options.allowPartial,
      ...readingRules(benchmark, options),
    })
    const source = await readJudgeSource()
    const fingerprint = fingerprintOf(benchmark.hash, options, source)

    await mkdir(options.out, { recursive: true })
    const release = await lockFolder(options.out)
    try {
      await prepareOutput(options)
      const finished = await finishedSummary(options, fingerprint, sampleSet)
      if (finished !== undefined) return finished
      const task = { options, benchmark, sampleSet, source, fingerprint }
      return await judgeAndWrite(task, context, await sandbox)
    } finally {
      await release()
    }
  } finally {
    await sandbox.then(
      (opened) => opened.dispose(),
      () => {},
    )
  }
}

async function openSandbox(
  options: EvalOptions,
  dataFolders: readonly string[] = [],
): Promise<StartingSandbox> {
  return startSandbox({
    isolation: options.isolation,
    workers: workersOf(options),
    readable: [judgeFolder],
    ...(await findClassPath(options, dataFolders)),
    ...(options.python === undefined ? {} : { python: options.python }),
  })
}

/** One more than there are cores: while a judge or the server works, programs keep them busy. */
function workersOf({ workers }: EvalOptions): number {
  return workers ?? availableParallelism() + 1
}

/** How samples of a kind of benchmark are read. */
function readingRules(benchmark: Benchmark, { cutting }: EvalOptions): ReadSamplesOptions {
  if (benchmark.kind === 'functions') return {}
  if (benchmark.kind === 'answers') return { taskIdOf }
  const { language } = benchmark
  const problems = new Map(benchmark.problems.map((problem) => [problem.taskId, problem]))
  return {
    complete(taskId, completion) {
      const problem = problems.get(taskId)
      return problem === undefined
        ? completion
        : cutCompletion(problem, completion, language, cutting)
    },
  }
}

/** The library of Java problems from a data folder; Debian's package has it too. */
async function findClassPath(
  options: EvalOptions,
  dataFolders: readonly string[],
): Promise<{ classPath?: string }> {
  return findDataFile(javaTuples, options.data ?? dataFolders, 'java').then(
    (classPath) => ({ classPath }),
    () => ({}),
  )
}

interface Evaluation {
  readonly options: EvalOptions
  readonly benchmark: Benchmark
  readonly sampleSet: SampleSet
  /** The judge's own text. */
  readonly source: string
  readonly fingerprint: string
}

async function judgeAndWrite(
  { options, benchmark, sampleSet, source, fingerprint }: Evaluation,
  context: EvaluationContext,
  starting: StartingSandbox,
): Promise<EvaluationSummary> {
  const started = performance.now()
  const tasks: JudgedTask[] = groupPrograms<Benchmark['problems'][number]>(
    benchmark.problems,
    sampleSet.samples,
  )
  const path = (file: keyof typeof evaluationFiles) => join(options.out, evaluationFiles[file])
  const journal = await openJournal(path('journal'), fingerprint, options.resume)
  try {
    const workers = workersOf(options)
    const judge = { sandbox: starting, source, options, workers, ...pickContext(context) }
    const judging = judgeMissing(benchmark, tasks, judge, journal, context)
    const [sandbox, warnings] = await Promise.all([starting.ready, judging])
    const verdicts = verdictsOfSamples(sampleSet.samples, journal.known)
    const scores = summariseVerdicts(verdicts, options.baseOnly || benchmark.kind !== 'functions')
    const summary: EvaluationSummary & { fingerprint: string } = {
      benchmark: benchmarkName(options),
      mini: options.mini,
      extreme: options.extreme,
      problems: benchmark.path,
      hash: benchmark.hash,
      samples: options.samples,
      taskCount: tasks.length,
      sampleCount: verdicts.length,
      programCount: countPrograms(tasks),
      isolation: sandbox.isolation,
      ...scores,
      missingTasks: sampleSet.missingTasks,
      unknownTasks: sampleSet.unknownTasks,
      warnings: [...sandbox.warnings, ...warnings, ...warningsAbout(sampleSet, verdicts)],
      wallSeconds: Math.round(performance.now() - started) / 1000,
      fingerprint: resultFingerprint(fingerprint, sampleSet),
    }
    const lines = verdicts.map((verdict) => `${JSON.stringify(verdict)}\n`).join('')
    await writeFileAtomic(path('verdicts'), lines)
    await writeFileAtomic(
      path('results'),
      renderResultFile(benchmark.hash, sampleSet.samples, verdicts, scores.passAtK),
    )
    await writeFileAtomic(path('summary'), `${JSON.stringify(summary, null, 2)}\n`)
    // Verdicts that the sandbox failed at are judged again by `resume`, from the journal.
    if (!hasFaults(summary)) await rm(path('journal'), { force: true })
    return withoutFingerprint(summary)
  } finally {
    await journal.close()
  }
}

/** Judges what the journal does not know yet, with progress in programs. Returns warnings. */
async function judgeMissing(
  benchmark: Benchmark,
  tasks: readonly JudgedTask[],
  judge: Omit<JudgeContext, 'onVerdict'>,
  journal: Journal,
  context: EvaluationContext,
): Promise<string[]> {
  const isMissing = (taskId: string, program: string) =>
    !journal.known.has(verdictKey(taskId, program))
  const missing = selectPrograms(tasks, isMissing)
  const total = countPrograms(tasks)
  const progress = (context.progress ?? silentProgress).start('judging', total)
  let done = total - countPrograms(missing)
  let passed = 0
  const onVerdict: OnVerdict = async (taskId, program, verdict) => {
    await journal.add(verdictKey(taskId, program), verdict, isFault(verdict))
    if ((verdict.plus ?? verdict.base).status === 'pass') passed++
    progress.update(++done, `${passed} passed`)
  }
  const warnings = await judgeBenchmark(benchmark, missing, { ...judge, onVerdict })
  progress.finish()
  return warnings
}

function verdictsOfSamples(
  samples: readonly Sample[],
  known: ReadonlyMap<string, ProgramVerdict>,
): SampleVerdict[] {
  const counts = new Map<string, number>()
  return samples.map(({ taskId, program }) => {
    const sample = counts.get(taskId) ?? 0
    counts.set(taskId, sample + 1)
    const verdict = known.get(verdictKey(taskId, program))
    if (verdict === undefined) throw new Error(`sample ${sample} of ${taskId} was not judged`)
    return { taskId, sample, program, ...verdict }
  })
}

async function prepareOutput(options: EvalOptions): Promise<void> {
  const paths = Object.values(evaluationFiles).map((name) => join(options.out, name))
  if (options.overwrite) {
    for (const path of paths) await rm(path, { force: true })
    return
  }
  if (options.resume) return
  for (const path of paths) {
    if (await pathExists(path)) throw refuseExistingOutput(options.out)
  }
}

/** With `resume`, the summary of an evaluation that had ended already. */
async function finishedSummary(
  options: EvalOptions,
  fingerprint: string,
  sampleSet: SampleSet,
): Promise<EvaluationSummary | undefined> {
  if (!options.resume) return undefined
  const text = await readFile(join(options.out, evaluationFiles.summary), 'utf8').catch(() => '')
  if (text === '') return undefined
  const summary = JSON.parse(text) as EvaluationSummary & { fingerprint: string }
  if (summary.fingerprint !== resultFingerprint(fingerprint, sampleSet)) {
    throw refuseExistingOutput(options.out)
  }
  return hasFaults(summary) ? undefined : withoutFingerprint(summary)
}

/** Whether the sandbox failed at a program. */
function hasFaults({ statuses }: EvaluationSummary): boolean {
  return [statuses.base, statuses.plus].some((counts) => (counts?.['infra-error'] ?? 0) > 0)
}

function withoutFingerprint(summary: EvaluationSummary & { fingerprint: string }) {
  const { fingerprint: _, ...rest } = summary
  return rest satisfies EvaluationSummary
}

function pickContext({ signal, cacheFolder }: EvaluationContext) {
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(cacheFolder === undefined ? {} : { referenceFolder: join(cacheFolder, 'references') }),
  }
}

/** What verdicts depend on beside task and program. */
function fingerprintOf(hash: string, options: EvalOptions, source: string): string {
  const { baseOnly, plusAfterFailedBase, testDetails, strictIdentical } = options
  const { minTimeLimit, gtTimeLimitFactor, totalTimeLimit, memoryMib } = options
  const { percent, javaTuples, isolation, python } = options
  const parts = [baseOnly, plusAfterFailedBase, testDetails, minTimeLimit, gtTimeLimitFactor]
  return digest([
    hash,
    ...parts,
    totalTimeLimit,
    memoryMib,
    strictIdentical,
    percent,
    javaTuples,
    isolation,
    python ?? '',
    source,
  ])
}

function resultFingerprint(fingerprint: string, { samples }: SampleSet): string {
  return digest([fingerprint, samples])
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}

function warningsAbout(
  { unknownTasks, missingTasks, emptyTasks }: SampleSet,
  verdicts: readonly SampleVerdict[],
): string[] {
  const warnings: string[] = []
  const faults = verdicts.filter(isFault)
  if (faults.length > 0) {
    warnings.push(
      `the sandbox failed for ${faults.length} samples, which are left out of the scores (${faults[0]?.taskId}…); judge them again with --resume`,
    )
  }
  if (emptyTasks.length > 0) {
    warnings.push(`${emptyTasks.length} tasks have an empty sample (${emptyTasks[0]}…)`)
  }
  const skipped = unknownTasks.reduce((sum, { samples }) => sum + samples, 0)
  if (skipped > 0) {
    warnings.push(
      `${skipped} samples of tasks that are not among the problems were skipped (${unknownTasks[0]?.taskId}…)`,
    )
  }
  if (missingTasks.length > 0) {
    warnings.push(`${missingTasks.length} problems have no sample and are left out of the scores`)
  }
  return warnings
}
