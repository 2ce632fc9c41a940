/** A share with its 95 % interval. */
export interface Score {
  value: number
  /** Wilson score interval (Wilson 1927), 95 %. */
  interval: [number, number]
}

/** Chance that at least one of k samples passes, from `passed` of `samples` (Chen et al. 2021). */
export function passAtK(samples: number, passed: number, k: number): number {
  if (samples - passed < k) return 1
  let allFail = 1
  for (let i = samples - passed + 1; i <= samples; i++) allFail *= 1 - k / i
  return 1 - allFail
}

/** Mean of pass@k over tasks for k of 1, 10 and 100, where every task has that many samples. */
export function meanPassAtK(
  tasks: readonly { samples: number; passed: number }[],
): Record<string, number> {
  const scores: Record<string, number> = {}
  for (const k of [1, 10, 100]) {
    if (tasks.length === 0 || tasks.some(({ samples }) => samples < k)) continue
    const sum = tasks.reduce((total, task) => total + passAtK(task.samples, task.passed, k), 0)
    scores[`pass@${k}`] = sum / tasks.length
  }
  return scores
}

/** 95 % Wilson score interval of `passed` of `total`; `passed` may be a mean, not a whole number. */
export function wilsonInterval(passed: number, total: number): [number, number] {
  if (total === 0) return [0, 1]
  const share = passed / total
  const spread = NORMAL_QUANTILE ** 2 / total
  const centre = (share + spread / 2) / (1 + spread)
  const half =
    (NORMAL_QUANTILE * Math.sqrt((share * (1 - share)) / total + spread / (4 * total))) /
    (1 + spread)
  return [Math.max(0, centre - half), Math.min(1, centre + half)]
}

/** 97.5 % quantile of the standard normal distribution. */
export const NORMAL_QUANTILE = 1.959963984540054
