import { wilsonInterval } from './scores.ts'

/** Two evaluations of the same tasks, task by task. */
export interface PairedComparison {
  tasks: number
  /** Ids of tasks that only the second passes. */
  fixed: string[]
  /** Ids of tasks that only the first passes. */
  broken: string[]
  bothPass: number
  bothFail: number
  /** Share passed by the second minus that of the first. */
  difference: number
  /** 95 % interval of the difference of paired shares (Newcombe 1998, method 10). */
  interval: [number, number]
  /** Two-sided exact McNemar test: how likely so uneven a split is by chance. */
  pValue: number
}

/** Compares which tasks passed; both maps must hold the same task ids. */
export function comparePaired(
  before: ReadonlyMap<string, boolean>,
  after: ReadonlyMap<string, boolean>,
): PairedComparison {
  const fixed: string[] = []
  const broken: string[] = []
  let bothPass = 0
  let bothFail = 0
  for (const [taskId, first] of before) {
    const second = after.get(taskId) === true
    if (first && second) bothPass++
    else if (first) broken.push(taskId)
    else if (second) fixed.push(taskId)
    else bothFail++
  }
  const tasks = before.size
  return {
    tasks,
    fixed,
    broken,
    bothPass,
    bothFail,
    difference: tasks === 0 ? 0 : (fixed.length - broken.length) / tasks,
    interval: newcombeInterval(bothPass, fixed.length, broken.length, bothFail),
    pValue: exactMcNemar(fixed.length, broken.length),
  }
}

/** Two-sided exact McNemar test from the numbers of discordant pairs. */
export function exactMcNemar(fixed: number, broken: number): number {
  const pairs = fixed + broken
  const fewer = Math.min(fixed, broken)
  let logBinomial = -pairs * Math.LN2
  let tail = 0
  for (let k = 0; k <= fewer; k++) {
    tail += Math.exp(logBinomial)
    logBinomial += Math.log(pairs - k) - Math.log(k + 1)
  }
  return Math.min(1, 2 * tail)
}

/** Interval of `after - before` from the four cells; [-1, 1] without tasks. */
export function newcombeInterval(
  bothPass: number,
  fixed: number,
  broken: number,
  bothFail: number,
): [number, number] {
  const total = bothPass + fixed + broken + bothFail
  if (total === 0) return [-1, 1]
  const after = (bothPass + fixed) / total
  const before = (bothPass + broken) / total
  const [afterLow, afterHigh] = wilsonInterval(bothPass + fixed, total)
  const [beforeLow, beforeHigh] = wilsonInterval(bothPass + broken, total)
  const phi = correlation(bothPass, fixed, broken, bothFail)
  const half = (up: number, down: number) =>
    Math.sqrt(Math.max(0, up ** 2 - 2 * phi * up * down + down ** 2))
  const difference = after - before
  return [
    Math.max(-1, difference - half(after - afterLow, beforeHigh - before)),
    Math.min(1, difference + half(afterHigh - after, before - beforeLow)),
  ]
}

/** Phi coefficient with Newcombe's correction for continuity. */
function correlation(bothPass: number, fixed: number, broken: number, bothFail: number): number {
  const total = bothPass + fixed + broken + bothFail
  const product =
    (bothPass + fixed) * (broken + bothFail) * (bothPass + broken) * (fixed + bothFail)
  if (product === 0) return 0
  const determinant = bothPass * bothFail - fixed * broken
  const corrected = determinant > 0 ? Math.max(determinant - total / 2, 0) : determinant
  return corrected / Math.sqrt(product)
}
