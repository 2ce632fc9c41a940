import { InputError, MissingDependencyError } from '../../core/index.ts'
import type { Problem } from '../../data/benchmarks/index.ts'
import type { Host } from '../../sandbox/index.ts'
import type { JudgeContext } from './judge-context.ts'
import { judgeRest, partsOf } from './judge-in-parts.ts'
import { countPrograms, type JudgedTask, type OnVerdict } from './judged-task.ts'
import type { EvalOptions } from './options.ts'
import { openReferences, type References } from './references.ts'
import { type JudgedProgram, type JudgeReport, openJudge, runJudge } from './run-judge.ts'
import { runParallel } from './run-parallel.ts'
import { readShippedReferences } from './shipped-references.ts'
import type { ProgramVerdict, SetVerdict } from './verdicts.ts'

/**
 * Judges all programs of all tasks, those that may take longest first. A call whose judge ended
 * early, for whatever reason, is repeated program by program, so that no program harms another's
 * verdict.
 *
 * @throws InterruptedError after the calls in progress when `signal` is aborted.
 */
export async function judgeFunctions(
  hash: string,
  tasks: readonly JudgedTask<Problem>[],
  { sandbox, source, options, workers, onVerdict, signal, referenceFolder }: JudgeContext,
): Promise<void> {
  const usesNumpy = tasks.some(({ programs }) => programs.some((text) => text.includes('numpy')))
  const host = openJudge(
    sandbox,
    { preload: usesNumpy ? ['numpy'] : [], identical: options.strictIdentical },
    workers,
  )
  try {
    host.start(countPrograms(tasks))
    const setting = { hash, pythonVersion: sandbox.pythonVersion, judgeSource: source }
    const taskIds = tasks.map(({ problem }) => problem.taskId)
    const references = options.cache
      ? await openReferences(referenceFolder, setting, taskIds, async () =>
          readShippedReferences(hash, await sandbox.ready),
        )
      : await openReferences(undefined, setting)
    await runParallel(
      groupTasks(tasks, references, workers),
      workers,
      (group) => judgeGroup(host, group, options, references, workers, onVerdict),
      signal,
    ).finally(references.save)
  } finally {
    await host.dispose()
  }
}

/**
 * Calls in the order in which they are made: programs that may not end, a few at once, then slow
 * tasks, each alone, then the rest. What takes long must not begin when all else is done.
 */
function groupTasks(
  tasks: readonly JudgedTask<Problem>[],
  references: References,
  workers: number,
): Group[] {
  const fairShare = Math.ceil(countPrograms(tasks) / (workers * CALLS_OF_WORKER))
  const programsOfCall = Math.min(PROGRAMS_OF_CALL, fairShare)
  const ordered = tasks
    .map((task) => ({
      task,
      doubts: Math.max(...task.programs.map((text) => doubtsOf(text))),
      seconds: costOf(task.problem.taskId, references),
    }))
    .sort((a, b) => b.doubts - a.doubts || b.seconds - a.seconds)
  const groups: Group[] = []
  let room = 0
  for (const { task, seconds } of ordered) {
    const setsApart = seconds > ALONE_SECONDS
    for (const part of splitPrograms(task)) {
      if (room < part.programs.length) {
        groups.push({ tasks: [], setsApart })
        room = setsApart ? 0 : programsOfCall
      }
      groups.at(-1)?.tasks.push(part)
      room -= part.programs.length
    }
  }
  return groups
}

const PROGRAMS_OF_CALL = 4
const CALLS_OF_WORKER = 8
const ALONE_SECONDS = 0.2

/**
 * How much speaks for a program that takes long: 1 for a loop within another, or without a bound that
 * can be seen, or for a function that calls itself once; 2 for more such calls, whose number may grow
 * without bound.
 */
function doubtsOf(program: string): number {
  if (program.length > LONGEST_READ) return 2
  const code = program.replace(/("""|''')[\s\S]*?\1/g, '')
  const ownCalls = [...code.matchAll(definition)].map(
    ([, , name, body = '']) => body.split(`${name}(`).length - 1,
  )
  const loops = /\bwhile\b/.test(code) || hasNestedLoop(code)
  return Math.min(Math.max(loops ? 1 : 0, ...ownCalls), 2)
}

const LONGEST_READ = 20_000

/** Whether a loop, or one of a comprehension, stands below a loop or beside another in its line. */
function hasNestedLoop(code: string): boolean {
  const open: number[] = []
  for (const line of code.split('\n')) {
    const text = line.trimStart()
    if (text === '') continue
    const indent = line.length - text.length
    while (indent <= (open.at(-1) ?? -1)) open.pop()
    const loops = text.match(/\bfor\b/g)?.length ?? 0
    if (loops > 0 && open.length + loops > 1) return true
    if (text.startsWith('for ')) open.push(indent)
  }
  return false
}

/** A function at any depth, with the deeper lines below it. Lookahead, to find those within it too. */
const definition = /^([ \t]*)def (\w+)(?=(.*\n(?:\1[ \t].*\n|[ \t]*\n)*))/gm

/** Many programs for one task in parts, which different workers can take. */
function splitPrograms({ problem, programs }: JudgedTask<Problem>): JudgedTask<Problem>[] {
  const count = Math.ceil(programs.length / PROGRAMS_OF_CALL)
  return Array.from({ length: count }, (_, part) => ({
    problem,
    programs: programs.slice(part * PROGRAMS_OF_CALL, (part + 1) * PROGRAMS_OF_CALL),
  }))
}

/** Seconds that a right program may take, about. */
function costOf(taskId: string, references: References): number {
  return Math.max(references.secondsOf(taskId) ?? 0, slowTasks.get(taskId) ?? 0)
}

/** Seconds of the tasks that take longest, for evaluations that have not run their references yet. */
const slowTasks: ReadonlyMap<string, number> = new Map(
  Object.entries({
    'Mbpp/599': 21,
    'HumanEval/139': 5,
    'HumanEval/15': 2,
    'Mbpp/255': 4,
    'Mbpp/392': 3,
    'Mbpp/605': 2,
    'Mbpp/388': 2,
    'Mbpp/239': 2,
    'Mbpp/274': 2,
    'Mbpp/781': 2,
    'Mbpp/630': 1,
    'HumanEval/59': 1,
    'HumanEval/36': 1,
    'HumanEval/130': 1,
    'HumanEval/94': 1,
    'HumanEval/83': 1,
    'HumanEval/147': 1,
  }),
)

/** Tasks of one call. */
interface Group {
  readonly tasks: JudgedTask<Problem>[]
  /** Whether base and extra inputs are judged at one time, because a program may take long. */
  readonly setsApart: boolean
}

async function judgeGroup(
  host: Host,
  { tasks, setsApart }: Group,
  options: EvalOptions,
  references: References,
  workers: number,
  onVerdict: OnVerdict,
): Promise<void> {
  const parts = partsOf(options, workers)
  const judge = (set?: 'base' | 'plus') =>
    runJudge(host, tasks, options, references, { set, parts })
  const isApart = setsApart && !options.baseOnly && options.plusAfterFailedBase
  const reports = await Promise.all(isApart ? [judge('base'), judge('plus')] : [judge()])
  for (const report of reports) refuseFaults(report, tasks)
  for (const [index, { problem, programs }] of tasks.entries()) {
    for (const [number, program] of programs.entries()) {
      const task = { problem, programs: [program] }
      const found = Object.assign({}, ...reports.map((each) => each.verdicts[index]?.[number]))
      const verdict =
        (found.rest && found.base
          ? await judgeRest(host, task, found, options, references)
          : wholeVerdict(found, options)) ?? (await judgeAlone(host, task, options, references))
      await onVerdict(problem.taskId, program, verdict)
    }
  }
}

/** The verdict, where no set is missing that was to be judged. */
function wholeVerdict(
  { base, plus }: JudgedProgram,
  { baseOnly, plusAfterFailedBase }: EvalOptions,
): ProgramVerdict | undefined {
  if (base === undefined) return undefined
  const isPlusWanted = !baseOnly && (plusAfterFailedBase || base.status === 'pass')
  if (plus === undefined) return isPlusWanted ? undefined : { base }
  return { base, plus }
}

/** Judges one program in a call of its own; a program that ends the judge reaches no status. */
async function judgeAlone(
  host: Host,
  task: JudgedTask<Problem>,
  options: EvalOptions,
  references: References,
): Promise<ProgramVerdict> {
  const report = await runJudge(host, [task], options, references)
  refuseFaults(report, [task])
  const verdict = wholeVerdict(report.verdicts[0]?.[0] ?? {}, options)
  if (verdict !== undefined) return verdict
  const { outcome, stderr, fault } = report.result
  const failed = outcome === 'infra-error' || outcome === 'error' || !report.ready.has(0)
  const last = fault ?? stderr.trimEnd().split('\n').at(-1) ?? ''
  const noVerdict = (): SetVerdict => ({
    status: failed ? 'infra-error' : 'timeout',
    finished: 0,
    inputs: 0,
    load: 0,
    seconds: 0,
    failTests: [],
    error: `the judge was ended (${outcome}${last === '' ? '' : `: ${last}`})`,
  })
  return options.baseOnly ? { base: noVerdict() } : { base: noVerdict(), plus: noVerdict() }
}

function refuseFaults(report: JudgeReport, group: readonly JudgedTask<Problem>[]): void {
  for (const [index, fault] of report.faults) {
    const taskId = group[index]?.problem.taskId
    if (/No module named/.test(fault)) {
      throw new MissingDependencyError(`the reference of ${taskId} failed: ${fault}`, {
        code: 'RC_PYTHON_MODULE_MISSING',
        hint: 'Install the module for the interpreter, or name one that has it with --python.',
      })
    }
    throw new InputError(`the reference of ${taskId} failed: ${fault}`, {
      code: 'RC_REFERENCE_FAILED',
      hint: 'Correct prompt, canonical_solution or the inputs in the problem file.',
    })
  }
}
