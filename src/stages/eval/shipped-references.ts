import { readFile } from 'node:fs/promises'
import type { Sandbox } from '../../sandbox/index.ts'
import type { KnownSets } from './references.ts'

/**
 * What the slowest references of HumanEval+ and MBPP+ return, which ships with the program, so that
 * a first evaluation need not wait for them. Large values are there as digests: a result that
 * differs is compared with what the reference returns here. Their times are scaled by the speed of
 * this machine.
 */
export async function readShippedReferences(
  hash: string,
  runner: Pick<Sandbox, 'run'>,
): Promise<KnownSets> {
  const path = new URL(`./shipped/${hash}.jsonl`, import.meta.url)
  const text = await readFile(path, 'utf8').catch(() => '')
  const [head, ...lines] = text.split('\n').filter((line) => line !== '')
  if (head === undefined) return new Map()
  const { calibrationSeconds } = JSON.parse(head) as ShippedHead
  const scale = (await measureSpeed(runner)) / calibrationSeconds
  const known: KnownSets = new Map()
  for (const line of lines) {
    const { taskId, sets } = JSON.parse(line) as ShippedTask
    const scaled = Object.entries(sets).map(([name, values]) => {
      const seconds = values.seconds.map(([index, each]) => [index, each * scale] as const)
      const whole = seconds.reduce((sum, [, each]) => sum + each, 0)
      return [name, { seconds: whole, values: JSON.stringify({ ...values, seconds }) }] as const
    })
    known.set(taskId, Object.fromEntries(scaled))
  }
  return known
}

interface ShippedHead {
  /** What `measureSpeed` found where the times were measured. */
  calibrationSeconds: number
}

interface ShippedTask {
  taskId: string
  /** As `judge_expected.py` writes them; the times by the index of the input. */
  sets: Record<string, { seconds: [index: number, seconds: number][] }>
}

/** CPU seconds of a fixed piece of Python. */
async function measureSpeed(runner: Pick<Sandbox, 'run'>): Promise<number> {
  const source = await readFile(new URL('./shipped/calibrate.py', import.meta.url), 'utf8')
  const { stdout } = await runner.run({ language: 'python', source })
  const seconds = Number(stdout)
  if (seconds > 0) return seconds
  throw new Error('the speed of the machine could not be measured')
}
