import type { Problem } from '../../data/benchmarks/index.ts'
import { countPrograms, type JudgedTask } from './judged-task.ts'
import type { References } from './references.ts'

/** Tasks of one call. */
export interface JudgeCall {
  readonly tasks: JudgedTask<Problem>[]
  /** Whether base and extra inputs are judged at one time, because a program may take long. */
  readonly setsApart: boolean
}

/**
 * Calls in the order in which they are made: programs that may not end, a few at once, then slow
 * tasks, each alone, then the rest. What takes long must not begin when all else is done.
 */
export function orderCalls(
  tasks: readonly JudgedTask<Problem>[],
  references: References,
  workers: number,
): JudgeCall[] {
  const fairShare = Math.ceil(countPrograms(tasks) / (workers * CALLS_OF_WORKER))
  const programsOfCall = Math.min(PROGRAMS_OF_CALL, fairShare)
  const ordered = tasks
    .map((task) => ({
      task,
      doubts: Math.max(...task.programs.map((text) => doubtsOf(text))),
      seconds: costOf(task.problem.taskId, references),
    }))
    .sort((a, b) => b.doubts - a.doubts || b.seconds - a.seconds)
  const calls: JudgeCall[] = []
  let room = 0
  for (const { task, seconds } of ordered) {
    const setsApart = seconds > ALONE_SECONDS
    for (const part of splitPrograms(task)) {
      if (setsApart || room < part.programs.length) {
        calls.push({ tasks: [], setsApart })
        room = setsApart ? 0 : programsOfCall
      }
      calls.at(-1)?.tasks.push(part)
      room -= part.programs.length
    }
  }
  return calls
}

const PROGRAMS_OF_CALL = 4
const CALLS_OF_WORKER = 8
const ALONE_SECONDS = 0.2

/**
 * How much speaks for a program that takes long: 1 for a loop within another, or without a bound that
 * can be seen, or for a function that calls itself once; 2 for more such calls, whose number may grow
 * without bound.
 */
export function doubtsOf(program: string): number {
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
