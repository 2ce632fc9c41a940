import { meanPassAtK, type Score, wilsonInterval } from './scores.ts'
import { isFault, isTimeSensitive, passes, type SampleVerdict, type Status } from './verdicts.ts'

/** Scores and counts of one evaluation; also `summary.json` in the output folder. */
export interface EvaluationSummary {
  /** Name or path of the benchmark as it was given. */
  benchmark: string
  /** Which of its files: see the options of the same names. */
  mini: boolean
  extreme: boolean
  /** Path of the problem file. */
  problems: string
  /** MD5 of the problem file. */
  hash: string
  samples: string
  taskCount: number
  sampleCount: number
  /** Programs that differ, each judged once. */
  programCount: number
  isolation: string
  /** pass@k by input set; `plus` asks for both sets, as in EvalPlus. */
  passAtK: { base: Record<string, number>; plus?: Record<string, number> }
  /** pass@1 with its interval over tasks. */
  base: Score
  plus?: Score
  statuses: { base: StatusCounts; plus?: StatusCounts }
  /** Time that all programs were charged for, seconds. */
  chargedSeconds: number
  /** Samples near a time limit: their verdicts may depend on the machine. */
  timeSensitive: string[]
  missingTasks: string[]
  unknownTasks: { taskId: string; samples: number }[]
  warnings: string[]
  wallSeconds: number
}

/** Samples by status; `infra-error` is there when there are any. */
export type StatusCounts = Record<Exclude<Status, 'infra-error'>, number> & {
  'infra-error'?: number
}

/** The parts of a summary that follow from the verdicts. */
export function summariseVerdicts(
  verdicts: readonly SampleVerdict[],
  baseOnly: boolean,
): Pick<
  EvaluationSummary,
  'passAtK' | 'base' | 'plus' | 'statuses' | 'timeSensitive' | 'chargedSeconds'
> {
  const charged = verdicts.reduce(
    (sum, { base, plus }) => sum + base.seconds + (plus?.seconds ?? 0),
    0,
  )
  const chargedSeconds = Math.round(charged * 1000) / 1000
  const base = scoreSet(verdicts, 'base')
  const statuses = { base: countStatuses(verdicts.map((verdict) => verdict.base.status)) }
  const timeSensitive = verdicts
    .filter(isTimeSensitive)
    .map(({ taskId, sample }) => (sample === 0 ? taskId : `${taskId} (sample ${sample})`))
  if (baseOnly) {
    return {
      passAtK: { base: base.passAtK },
      base: base.score,
      statuses,
      timeSensitive,
      chargedSeconds,
    }
  }
  const plus = scoreSet(verdicts, 'plus')
  return {
    passAtK: { base: base.passAtK, plus: plus.passAtK },
    base: base.score,
    plus: plus.score,
    statuses: {
      ...statuses,
      plus: countStatuses(verdicts.flatMap((verdict) => verdict.plus?.status ?? [])),
    },
    timeSensitive,
    chargedSeconds,
  }
}

function scoreSet(
  verdicts: readonly SampleVerdict[],
  set: 'base' | 'plus',
): { passAtK: Record<string, number>; score: Score } {
  const tasks = new Map<string, { samples: number; passed: number }>()
  for (const verdict of verdicts) {
    if (isFault(verdict)) continue
    const task = tasks.get(verdict.taskId) ?? { samples: 0, passed: 0 }
    task.samples++
    if (passes(verdict, set)) task.passed++
    tasks.set(verdict.taskId, task)
  }
  const passAtK = meanPassAtK([...tasks.values()])
  const value = passAtK['pass@1'] ?? 0
  return {
    passAtK,
    score: { value, interval: wilsonInterval(value * tasks.size, tasks.size) },
  }
}

function countStatuses(statuses: readonly Status[]): StatusCounts {
  const counts: StatusCounts = { pass: 0, fail: 0, timeout: 0 }
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
