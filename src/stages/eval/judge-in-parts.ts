import type { Problem } from '../../data/benchmarks/index.ts'
import type { Host } from '../../sandbox/index.ts'
import type { JudgedTask } from './judged-task.ts'
import type { EvalOptions } from './options.ts'
import type { References } from './references.ts'
import { type JudgedProgram, runJudge } from './run-judge.ts'
import type { ProgramVerdict, SetVerdict } from './verdicts.ts'

/** How many workers may share the extra inputs of one program; 1 where one process must see all. */
export function partsOf({ testDetails, strictIdentical }: EvalOptions, workers: number): number {
  return testDetails || strictIdentical ? 1 : workers
}

/**
 * Judges the rest of a program's extra inputs in parts, on all workers at a time; undefined when
 * only one process for all of them can tell.
 */
export async function judgeRest(
  host: Host,
  task: JudgedTask<Problem>,
  { base, plus, rest = [] }: JudgedProgram & ProgramVerdict,
  options: EvalOptions,
  references: References,
): Promise<ProgramVerdict | undefined> {
  if (plus === undefined) return undefined
  const ranges = rest.slice(0, -1).map((from, index) => ({ from, to: rest[index + 1] as number }))
  const reports = await Promise.all(
    ranges.map((part) => runJudge(host, [task], options, references, { part })),
  )
  const joined = joinParts(
    plus,
    reports.map(({ part }) => part),
    options,
  )
  return joined === undefined ? undefined : { base, plus: joined }
}

/**
 * The verdict on a set of inputs from that on its first ones, all right, and those on the parts that
 * follow; undefined where the parts cannot tell: one is missing, or ended before its first input was
 * done, or all together took longer than the set may.
 */
export function joinParts(
  first: SetVerdict,
  parts: readonly (SetVerdict | undefined)[],
  { minTimeLimit, totalTimeLimit }: Pick<EvalOptions, 'minTimeLimit' | 'totalTimeLimit'>,
): SetVerdict | undefined {
  const most = Math.min(totalTimeLimit, minTimeLimit * first.inputs)
  let joined: SetVerdict = { ...first, status: 'pass', failTests: [] }
  for (const part of parts) {
    if (part === undefined || part.status === 'infra-error' || part.finished === 0) return undefined
    joined = {
      ...part,
      inputs: first.inputs,
      finished: joined.finished + part.finished,
      load: Math.max(joined.load, part.load),
      seconds: Math.round((joined.seconds + part.seconds) * 1e4) / 1e4,
    }
    if (joined.seconds > most) return undefined
    if (joined.status !== 'pass') return joined
  }
  return joined.finished === first.inputs ? joined : undefined
}
